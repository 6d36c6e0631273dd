import { DomainError } from '../../../core/errors.ts';
import { promiseOf } from '../body-promise.ts';
import { bucketOf, emptyReply, type Operation } from '../operation.ts';
import { MAY_MAKE, readNewObject, readTags } from './new-object.ts';
import { md5Header } from './object-headers.ts';
import { crcHeader, encryptionHeaders, versionHeader } from './reply-headers.ts';

/** PutObject (protocol sheet, section 5.2). */
export const putObject: Operation = {
  name: 'PutObject',
  method: 'PUT',
  level: 'object',
  action: 'oss:PutObject',
  resource: 'object',
  also: MAY_MAKE,
  requestTags: readTags,
  async handle(exchange) {
    const { request, services, query } = exchange;
    if (query.has('partNumber')) throw partWithoutUpload();
    const bucket = bucketOf(exchange);
    const object = await services.store.put(readNewObject(exchange), request.body, promiseOf(request.headers));
    const { record } = object;
    return emptyReply(200, {
      ETag: `"${record.etag}"`,
      ...md5Header(record),
      ...crcHeader(record),
      ...versionHeader(bucket, record),
      ...encryptionHeaders(object),
    });
  },
};

/** Taken for a whole object, a part that lost its upload would replace what is there. */
function partWithoutUpload(): DomainError {
  return new DomainError(
    'InvalidArgument',
    'partNumber is accepted beside uploadId only: the id of the upload is missing.',
    {
      ArgumentName: 'partNumber',
    },
  );
}
