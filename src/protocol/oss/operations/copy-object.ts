import { DomainError } from '../../../core/errors.ts';
import { MAX_PUT_BYTES } from '../../../core/limits.ts';
import type { HeaderFields } from '../../../core/signed-request.ts';
import type { NewObject, StoredObject } from '../../../core/stored-object.ts';
import { node } from '../../../core/xml.ts';
import { acceptedWord } from '../accepted-word.ts';
import { COPY_SOURCE } from '../copy-source.ts';
import { bucketOf, type Exchange, type Operation, xmlReply } from '../operation.ts';
import { type CopiedObject, MAY_COPY, withCopiedObject } from './copied-object.ts';
import { MAY_MAKE, readNewObject, readTags } from './new-object.ts';
import { crcHeader, encryptionHeaders, versionHeader } from './reply-headers.ts';

/** CopyObject (protocol sheet, section 5.7). Onto itself it is how metadata, class or encryption change. */
export const copyObject: Operation = {
  name: 'CopyObject',
  method: 'PUT',
  level: 'object',
  header: COPY_SOURCE,
  action: 'oss:PutObject',
  resource: 'object',
  also: [...MAY_COPY, ...MAY_MAKE],
  requestTags: (headers) => (areOwnTags(headers) ? readTags(headers) : undefined),
  async handle(exchange) {
    const bucket = bucketOf(exchange);
    const target = readTarget(exchange);
    return await withCopiedObject(exchange, {
      chooseRange: assertCopyableSize,
      async copy(source) {
        const object = await put(exchange, target(source), source);
        const { record } = object;
        const result = node('CopyObjectResult', [
          node('ETag', `"${record.etag}"`),
          node('LastModified', new Date(record.lastModifiedMs).toISOString()),
        ]);
        return xmlReply(result, {
          ETag: `"${record.etag}"`,
          ...crcHeader(record),
          ...versionHeader(bucket, record),
          ...source.copySourceHeader,
          ...encryptionHeaders(object),
        });
      },
    });
  },
};

/** What the copy is to be, given its source. ACL, class and encryption are never the source's. */
function readTarget(exchange: Exchange): (source: StoredObject) => NewObject {
  const { headers } = exchange.request;
  const isOwnMetadata = readDirective(headers, 'x-oss-metadata-directive') === 'REPLACE';
  const tagsAreOwn = areOwnTags(headers);
  const wanted = readNewObject(exchange);
  return ({ metadata, tags }) => ({
    ...wanted,
    metadata: isOwnMetadata ? wanted.metadata : metadata,
    tags: tagsAreOwn ? (wanted.tags ?? []) : tags,
  });
}

/** Otherwise the copy has those of its source. */
function areOwnTags(headers: HeaderFields): boolean {
  return readDirective(headers, 'x-oss-tagging-directive') === 'REPLACE';
}

function readDirective(headers: HeaderFields, name: string): 'COPY' | 'REPLACE' {
  // The directive for tags is documented as Copy and Replace.
  return acceptedWord(['COPY', 'REPLACE'], headers[name] ?? 'COPY', { name, ignoresCase: true });
}

function assertCopyableSize({ record }: StoredObject): undefined {
  if (record.sizeBytes <= MAX_PUT_BYTES) return;
  throw new DomainError(
    'EntityTooLarge',
    `The source has ${record.sizeBytes} bytes where a copy takes at most ${MAX_PUT_BYTES}; use UploadPartCopy for larger ones.`,
  );
}

async function put({ services }: Exchange, target: NewObject, { record, body }: CopiedObject): Promise<StoredObject> {
  const { sizeBytes, crc64 } = record;
  return await services.store.put(target, body, { sizeBytes, ...(crc64 !== undefined && { crc64 }) });
}
