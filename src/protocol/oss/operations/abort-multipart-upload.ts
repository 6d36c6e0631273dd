import { emptyReply, type Operation } from '../operation.ts';
import { uploadAddress } from '../upload-address.ts';

/** AbortMultipartUpload (protocol sheet, section 5.8): the upload and its parts are gone. */
export const abortMultipartUpload: Operation = {
  name: 'AbortMultipartUpload',
  method: 'DELETE',
  level: 'object',
  subresource: 'uploadId',
  action: 'oss:AbortMultipartUpload',
  resource: 'object',
  async handle(exchange) {
    await exchange.services.store.uploads.abort(uploadAddress(exchange));
    return emptyReply(204);
  },
};
