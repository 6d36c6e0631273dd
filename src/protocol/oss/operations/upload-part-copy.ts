import type { ObjectRecord } from '../../../core/record.ts';
import type { BodyPromise, ByteRange } from '../../../core/stored-object.ts';
import { node } from '../../../core/xml.ts';
import { copyRange } from '../copy-range.ts';
import { COPY_SOURCE } from '../copy-source.ts';
import { type Operation, xmlReply } from '../operation.ts';
import { partNumberParameter, uploadAddress } from '../upload-address.ts';
import { MAY_COPY, withCopiedObject } from './copied-object.ts';
import { partHeaders, refuseEncryptionHeaders, uploadEncryptionHeaders } from './upload-headers.ts';

/** UploadPartCopy: a part that is the whole or a range of another object (protocol sheet, sections 5.7 and 5.8). */
export const uploadPartCopy: Operation = {
  name: 'UploadPartCopy',
  method: 'PUT',
  level: 'object',
  subresource: 'uploadId',
  header: COPY_SOURCE,
  action: 'oss:PutObject',
  resource: 'object',
  also: MAY_COPY,
  async handle(exchange) {
    const { request, services } = exchange;
    refuseEncryptionHeaders(request);
    const { uploads } = services.store;
    const address = uploadAddress(exchange);
    const partNumber = partNumberParameter(exchange);
    const upload = uploads.find(address);
    let range: ByteRange | undefined;
    return await withCopiedObject(exchange, {
      chooseRange({ record }) {
        range = copyRange(request.headers, record.sizeBytes);
        return range;
      },
      async copy({ record, body, copySourceHeader }) {
        const part = await uploads.putPart(address, partNumber, body, promiseOf(record, range));
        return xmlReply(
          node('CopyPartResult', [
            node('LastModified', new Date(part.lastModifiedMs).toISOString()),
            node('ETag', `"${part.etag}"`),
          ]),
          // ali-oss takes the ETag from here.
          { ...partHeaders(part), ...copySourceHeader, ...uploadEncryptionHeaders(upload) },
        );
      },
    });
  },
};

/** What is known of the bytes: of a range no checksum is. */
function promiseOf({ sizeBytes, crc64 }: ObjectRecord, range: ByteRange | undefined): BodyPromise {
  if (range !== undefined) return { sizeBytes: range.end - range.start };
  return { sizeBytes, ...(crc64 !== undefined && { crc64 }) };
}
