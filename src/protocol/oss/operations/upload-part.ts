import { promiseOf } from '../body-promise.ts';
import { emptyReply, type Operation } from '../operation.ts';
import { partNumberParameter, uploadAddress } from '../upload-address.ts';
import { partHeaders, refuseEncryptionHeaders, uploadEncryptionHeaders } from './upload-headers.ts';

/** UploadPart (protocol sheet, section 5.8); a part that comes again takes the place of the one before. */
export const uploadPart: Operation = {
  name: 'UploadPart',
  method: 'PUT',
  level: 'object',
  subresource: 'uploadId',
  action: 'oss:PutObject',
  resource: 'object',
  async handle(exchange) {
    const { request, services } = exchange;
    refuseEncryptionHeaders(request);
    const { uploads } = services.store;
    const address = uploadAddress(exchange);
    const partNumber = partNumberParameter(exchange);
    const promise = promiseOf(request.headers);
    const upload = uploads.find(address);
    const part = await uploads.putPart(address, partNumber, request.body, promise);
    return emptyReply(200, {
      ...partHeaders(part),
      'Content-MD5': Buffer.from(part.etag, 'hex').toString('base64'),
      ...uploadEncryptionHeaders(upload),
    });
  },
};
