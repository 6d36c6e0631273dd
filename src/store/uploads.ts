/**
 * Multipart uploads (protocol sheet, section 5.8). Each part is a body of its own. Completing an upload moves no bytes:
 * the object is the list of its parts, and they belong to it from then on.
 */

import { createHash, randomBytes } from 'node:crypto';
import { crc64OfJoined } from '../core/crc64.ts';
import { DomainError } from '../core/errors.ts';
import { MAX_MULTIPART_BYTES, MIN_PART_BYTES } from '../core/limits.ts';
import { noSuchUpload } from '../core/object-errors.ts';
import { objectKeyBytes } from '../core/object-key.ts';
import { type ObjectRecord, PLAIN_RECORD } from '../core/record.ts';
import type {
  BodyPromise,
  EncryptionChoice,
  NamedPart,
  NewObject,
  PartPage,
  StoredObject,
  Upload,
  UploadAddress,
  UploadedPart,
  UploadListRequest,
  UploadPage,
} from '../core/stored-object.ts';
import { type Bodies, placeOf } from './bodies/bodies.ts';
import type { ReceivedBody } from './bodies/body-intake.ts';
import { type ContentFacts, describeObject } from './bodies/content.ts';
import type { ContentTable } from './bodies/content-table.ts';
import type { FileRemoval } from './bodies/file-removal.ts';
import type { Seals } from './bodies/seals.ts';
import type { BucketTable } from './bucket-table.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { StoredBucket } from './index-database.ts';
import { listUploads } from './listing/upload-listing.ts';
import type { ObjectTable } from './object-table.ts';
import type { StoredPart, StoredUpload, UploadTable } from './upload-table.ts';
import { UPLOAD_ID_BYTES } from './upload-table.ts';

/** What a change of all parts of an upload weighs in a commit, since nobody counted them: few of these go together. */
const WEIGHT_OF_PARTS = 1000;

export interface UploadsParts {
  readonly buckets: BucketTable;
  readonly objects: ObjectTable;
  readonly contents: ContentTable;
  readonly table: UploadTable;
  readonly bodies: Bodies;
  readonly removal: FileRemoval;
  readonly seals: Seals;
  readonly queue: CommitQueue;
  readonly now: () => number;
}

/** An upload where it lies. */
interface Found {
  readonly bucket: StoredBucket;
  readonly key: Buffer;
  readonly uploadId: Buffer;
  readonly upload: StoredUpload;
}

export class Uploads {
  readonly #parts: UploadsParts;

  constructor(parts: UploadsParts) {
    this.#parts = parts;
  }

  /** Begins an upload. What the object will be beside its bytes is settled here. */
  async initiate(request: NewObject): Promise<Upload> {
    const { buckets, objects, seals, queue, table, now } = this.#parts;
    const key = objectKeyBytes(request.key);
    const wanted = buckets.get(request.bucket, request.bucketId);
    const { seal } = await seals.make(request.encryption ?? wanted.encryption);
    const uploadId = randomBytes(UPLOAD_ID_BYTES);
    const upload: StoredUpload = {
      initiatedMs: now(),
      storageClass: request.storageClass ?? wanted.storageClass,
      acl: request.acl ?? 'default',
      facts: { metadata: request.metadata, tags: request.tags ?? [], ...(seal && { seal }) },
    };
    await queue.commit(() => {
      const bucket = buckets.getSame(request.bucket, wanted.number);
      if (request.forbidOverwrite === true) objects.assertReplacesNone(bucket, key);
      table.add(bucket, key, uploadId, upload);
    });
    return describe(request.bucket, { key, uploadId, upload });
  }

  /** The upload, or `NoSuchUpload`. */
  find(address: UploadAddress): Upload {
    return describe(address.bucket, this.#find(address));
  }

  /** Stores a part, in place of one that had its number. Resolves when it is durable. */
  async putPart(
    address: UploadAddress,
    partNumber: number,
    body: AsyncIterable<Uint8Array>,
    promise: BodyPromise = {},
  ): Promise<UploadedPart> {
    const { bodies, seals, queue, removal } = this.#parts;
    const dataKey = await seals.open(this.#find(address).upload.facts.seal);
    const { part, orphans } = await bodies.take(body, { promise, dataKey }, (received) =>
      queue.commit(() => this.#addPart(address, partNumber, received)),
    );
    await removal.remove(orphans);
    return describePart(partNumber, part);
  }

  /** Parts behind the number `after`, in order. */
  listParts(address: UploadAddress, after: number, limit: number): PartPage {
    const found = this.#parts.table.parts(this.#find(address).uploadId, after).take(limit + 1);
    const parts = [...found].map(([partNumber, part]) => describePart(partNumber, part));
    const page = parts.slice(0, limit);
    const last = page.at(-1);
    return parts.length > limit ? { parts: page, nextAfter: last?.partNumber ?? after } : { parts: page };
  }

  list(bucket: string, request: UploadListRequest): UploadPage {
    const { buckets, table } = this.#parts;
    const { entries, ...page } = listUploads(table, buckets.get(bucket), request);
    return { ...page, uploads: entries.map((entry) => describe(bucket, entry)) };
  }

  /** Makes the object. Parts that are not named are removed with the upload. */
  async complete(
    address: UploadAddress,
    named: readonly NamedPart[] | 'all',
    { forbidOverwrite }: { readonly forbidOverwrite: boolean },
  ): Promise<StoredObject> {
    const { bodies, queue, removal } = this.#parts;
    const weight = named === 'all' ? WEIGHT_OF_PARTS : 1 + named.length;
    const { object, orphans } = await bodies.compose((contentId) =>
      queue.commit(() => this.#join(address, named, { contentId, forbidOverwrite }), weight),
    );
    await removal.remove(orphans);
    return object;
  }

  async abort(address: UploadAddress): Promise<void> {
    const { queue, removal } = this.#parts;
    const orphans = await queue.commit(() => {
      const found = this.#find(address);
      return this.#end(found, new Set());
    }, WEIGHT_OF_PARTS);
    await removal.remove(orphans);
  }

  #find({ bucket: name, key: text, uploadId: id }: UploadAddress): Found {
    const bucket = this.#parts.buckets.get(name);
    const key = objectKeyBytes(text);
    const uploadId = /^[0-9A-F]{32}$/.test(id) ? Buffer.from(id, 'hex') : undefined;
    const upload = uploadId && this.#parts.table.find(bucket, key, uploadId);
    if (uploadId === undefined || upload === undefined) throw noSuchUpload(id);
    return { bucket, key, uploadId, upload };
  }

  /** In a commit. */
  #addPart(address: UploadAddress, partNumber: number, received: ReceivedBody) {
    const { table, contents, now } = this.#parts;
    const { bucket, uploadId } = this.#find(address);
    const place = placeOf(received);
    const part: StoredPart = {
      contentId: received.contentId,
      sizeBytes: received.sizeBytes,
      place,
      lastModifiedMs: now(),
      md5: received.md5.toString('hex'),
      crc64: String(received.crc64),
    };
    contents.putBody(received, place);
    const old = table.putPart(bucket, uploadId, partNumber, part);
    return { part, orphans: old === undefined ? [] : contents.removeBody(old) };
  }

  /** In a commit. */
  #join(
    address: UploadAddress,
    named: readonly NamedPart[] | 'all',
    { contentId, forbidOverwrite }: { readonly contentId: number; readonly forbidOverwrite: boolean },
  ): { object: StoredObject; orphans: readonly number[] } {
    const { objects, contents } = this.#parts;
    const found = this.#find(address);
    const { bucket, key, upload } = found;
    const parts = this.#chosen(found, named);
    if (forbidOverwrite) objects.assertReplacesNone(bucket, key);
    const ended = this.#end(found, new Set(parts.map((part) => part.contentId)));
    contents.putComposition(contentId, parts);
    contents.putFacts(contentId, upload.facts);
    const { value: record, orphans } = objects.add(bucket, key, {
      ...PLAIN_RECORD,
      ...digestsOf(parts),
      isMultipartUploaded: true,
      objectType: 'Multipart',
      lastModifiedMs: this.#parts.now(),
      storageClass: upload.storageClass,
      acl: upload.acl,
      encryption: upload.facts.seal?.algorithm ?? 'none',
      tagCount: upload.facts.tags.length,
      contentId,
      bodyPlace: 'parts',
    });
    return { object: describeObject(record, upload.facts), orphans: [...ended, ...orphans] };
  }

  /** The parts that are to make up the object, checked (protocol sheet, section 5.8). */
  #chosen({ uploadId }: Found, named: readonly NamedPart[] | 'all'): StoredPart[] {
    const { table } = this.#parts;
    const chosen =
      named === 'all'
        ? [...table.parts(uploadId)]
        : named.map(({ partNumber, etag }, at) => {
            const before = named[at - 1];
            if (before !== undefined && before.partNumber >= partNumber) throw invalidPartOrder(partNumber);
            const part = table.part(uploadId, partNumber);
            if (part === undefined || part.md5.toUpperCase() !== etag.toUpperCase()) throw invalidPart(partNumber);
            return [partNumber, part] as const;
          });
    if (chosen.length === 0) throw new DomainError('InvalidPart', 'The upload has no part to make an object of.');
    const small = chosen.slice(0, -1).find(([, part]) => part.sizeBytes < MIN_PART_BYTES);
    if (small !== undefined) throw partTooSmall(small[0], small[1].sizeBytes);
    const parts = chosen.map(([, part]) => part);
    const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
    if (sizeBytes > MAX_MULTIPART_BYTES) throw objectTooLarge(sizeBytes);
    return parts;
  }

  /** In a commit: the upload is over. Returns the content ids of the bodies that nobody keeps. */
  #end({ bucket, key, uploadId }: Found, kept: ReadonlySet<number>): number[] {
    const { table, contents } = this.#parts;
    const unwanted = table.remove(bucket, key, uploadId).filter(({ contentId }) => !kept.has(contentId));
    return unwanted.flatMap((part) => contents.removeBody(part));
  }
}

/** Size and digests of the parts' bodies joined. The ETag is S3's: MD5 of the parts' MD5s, and how many they are. */
function digestsOf(parts: readonly StoredPart[]): Pick<ObjectRecord, 'sizeBytes' | 'etag' | 'crc64'> {
  const md5 = createHash('md5');
  for (const part of parts) md5.update(part.md5, 'hex');
  return {
    sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
    etag: `${md5.digest('hex').toUpperCase()}-${parts.length}`,
    crc64: crc64OfJoined(parts.map(({ crc64, sizeBytes }) => ({ crc64: BigInt(crc64), sizeBytes }))),
  };
}

function describe(bucket: string, entry: Pick<Found, 'key' | 'uploadId' | 'upload'>): Upload {
  const { key, uploadId, upload } = entry;
  const encryption = choiceOf(upload.facts);
  return {
    uploadId: uploadId.toString('hex').toUpperCase(),
    bucket,
    key: key.toString(),
    initiatedMs: upload.initiatedMs,
    storageClass: upload.storageClass,
    ...(encryption && { encryption }),
  };
}

function choiceOf({ seal }: ContentFacts): EncryptionChoice | undefined {
  if (seal === undefined) return undefined;
  return seal.algorithm === 'KMS' ? { algorithm: 'KMS', keyId: seal.keyId } : { algorithm: 'AES256' };
}

function describePart(partNumber: number, part: StoredPart): UploadedPart {
  const { sizeBytes, lastModifiedMs, md5, crc64 } = part;
  return { partNumber, sizeBytes, lastModifiedMs, etag: md5.toUpperCase(), crc64: BigInt(crc64) };
}

function invalidPart(partNumber: number): DomainError {
  return new DomainError(
    'InvalidPart',
    'One or more of the specified parts could not be found or the specified entity tag might not have matched the entity tag of the part.',
    { PartNumber: String(partNumber) },
  );
}

function invalidPartOrder(partNumber: number): DomainError {
  return new DomainError('InvalidPartOrder', 'The list of parts was not in ascending order of part numbers.', {
    PartNumber: String(partNumber),
  });
}

function partTooSmall(partNumber: number, sizeBytes: number): DomainError {
  return new DomainError(
    'EntityTooSmall',
    `Your proposed upload smaller than the minimum allowed size: part ${partNumber} has ${sizeBytes} bytes where every part but the last has at least ${MIN_PART_BYTES}.`,
    { PartNumber: String(partNumber), MinSizeAllowed: String(MIN_PART_BYTES), ProposedSize: String(sizeBytes) },
  );
}

function objectTooLarge(sizeBytes: number): DomainError {
  return new DomainError(
    'EntityTooLarge',
    `Your proposed upload exceeds the maximum allowed size: ${sizeBytes} bytes where at most ${MAX_MULTIPART_BYTES} are accepted.`,
  );
}
