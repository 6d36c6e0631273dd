import { DomainError } from '../../../core/errors.ts';
import { encodeKey } from '../../../core/request-target.ts';
import type { NamedPart } from '../../../core/stored-object.ts';
import { node } from '../../../core/xml.ts';
import { acceptedWord } from '../accepted-word.ts';
import { readDocumentBytes } from '../document-body.ts';
import { bucketOf, type Exchange, type Operation, xmlReply } from '../operation.ts';
import { PART_LIST_LIMITS, parsePartList } from '../part-list.ts';
import { uploadAddress } from '../upload-address.ts';
import { nameEncoding } from './list-parameters.ts';
import { readForbidOverwrite } from './new-object.ts';
import { crcHeader, encryptionHeaders, versionHeader } from './reply-headers.ts';
import { refuseEncryptionHeaders } from './upload-headers.ts';

const ALL = 'x-oss-complete-all';

/** CompleteMultipartUpload (protocol sheet, section 5.8). */
export const completeMultipartUpload: Operation = {
  name: 'CompleteMultipartUpload',
  method: 'POST',
  level: 'object',
  subresource: 'uploadId',
  action: 'oss:PutObject',
  resource: 'object',
  async handle(exchange) {
    const { request, services } = exchange;
    const { uploads } = services.store;
    const bucket = bucketOf(exchange);
    refuseEncryptionHeaders(request);
    const { text, nodes } = nameEncoding(exchange);
    const forbidOverwrite = readForbidOverwrite(request.headers);
    const address = uploadAddress(exchange);
    uploads.find(address); // Before the body is read: what it says of no upload doesn't matter.
    const parts = await readParts(exchange);
    const object = await uploads.complete(address, parts, { forbidOverwrite });
    const etag = `"${object.record.etag}"`;
    return xmlReply(
      node('CompleteMultipartUploadResult', [
        ...nodes,
        node('Location', locationOf(exchange)),
        node('Bucket', address.bucket),
        node('Key', text(address.key)),
        node('ETag', etag),
      ]),
      {
        ETag: etag,
        ...crcHeader(object.record),
        ...versionHeader(bucket, object.record),
        ...encryptionHeaders(object),
      },
    );
  },
};

/** The parts that the body names, or all there are when the header says so. */
async function readParts({ request }: Exchange): Promise<readonly NamedPart[] | 'all'> {
  const all = request.headers[ALL];
  if (all !== undefined) acceptedWord(['yes'], all, { name: ALL });
  const body = await readDocumentBytes(request, PART_LIST_LIMITS.maxBytes, 'PartListMalformed');
  if (all === undefined) return parsePartList(body);
  if (body.length === 0) return 'all';
  throw new DomainError(
    'CompleteAllWithBody',
    `${ALL}: yes takes every part that was uploaded; a body that names parts is not accepted beside it.`,
    { ArgumentName: ALL, ArgumentValue: all },
  );
}

/** The object's URL, in the form that the client came by: a host that doesn't hold the bucket is the endpoint. */
function locationOf({ request, endpoint, bucketName, key }: Exchange): string {
  const { host = '' } = request.headers;
  const path = encodeKey(key);
  return host === endpoint ? `http://${host}/${bucketName}/${path}` : `http://${host}/${path}`;
}
