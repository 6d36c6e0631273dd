import { node } from '../../../core/xml.ts';
import { type Operation, xmlReply } from '../operation.ts';
import { nameEncoding } from './list-parameters.ts';
import { MAY_MAKE, readNewObject, readTags } from './new-object.ts';
import { uploadEncryptionHeaders } from './upload-headers.ts';

/** InitiateMultipartUpload (protocol sheet, section 5.8): all that the object will be beside its bytes is said here. */
export const initiateMultipartUpload: Operation = {
  name: 'InitiateMultipartUpload',
  method: 'POST',
  level: 'object',
  subresource: 'uploads',
  action: 'oss:PutObject',
  resource: 'object',
  also: MAY_MAKE,
  requestTags: readTags,
  async handle(exchange) {
    const { text, nodes } = nameEncoding(exchange);
    const upload = await exchange.services.store.uploads.initiate(readNewObject(exchange));
    return xmlReply(
      node('InitiateMultipartUploadResult', [
        ...nodes,
        node('Bucket', upload.bucket),
        node('Key', text(upload.key)),
        node('UploadId', upload.uploadId),
      ]),
      uploadEncryptionHeaders(upload),
    );
  },
};
