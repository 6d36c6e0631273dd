/** An embedded bucket as a place for reports: what the inventory engine writes goes through the store's own puts. */

import { unlink } from 'node:fs/promises';
import { DomainError, hasCode } from '../core/errors.ts';
import type { ObjectRecord } from '../core/record.ts';
import type { RuleDestination, RuleEncryption } from '../core/rule.ts';
import { type EncryptionChoice, shownVersionId } from '../core/stored-object.ts';
import type { ObjectStore, StorePut } from './object-store.ts';

interface FileFacts {
  readonly sizeBytes: number;
  readonly md5: string;
}

interface StoredFile extends FileFacts {
  readonly bytes?: Uint8Array;
}

interface LocalFile extends FileFacts {
  readonly path: string;
  readonly contentType: string;
  readonly read?: () => AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

export class BucketDestination {
  readonly #store: ObjectStore;
  readonly #bucket: string;
  readonly #encryption: EncryptionChoice | undefined;

  /** What is put is encrypted as the rule says, else as the bucket does it. */
  constructor(store: ObjectStore, { bucket, encryption }: Pick<RuleDestination, 'bucket' | 'encryption'>) {
    this.#store = store;
    this.#bucket = bucket;
    this.#encryption = encryption && choiceOf(encryption);
  }

  /** How what is put now is encrypted; undefined for plaintext. */
  encryption(): EncryptionChoice | undefined {
    return this.#encryption ?? this.#store.findBucket(this.#bucket)?.encryption;
  }

  encrypts(): boolean {
    return this.encryption() !== undefined;
  }

  async putFile(key: string, file: LocalFile): Promise<void> {
    const request = this.#request(key, file.contentType);
    const promise = { sizeBytes: file.sizeBytes, md5: Buffer.from(file.md5, 'hex') };
    if (file.read === undefined) {
      await this.#store.adopt(request, file, promise);
    } else {
      await this.#store.put(request, unlessAborted(file.read(), file.signal), promise);
      await unlink(file.path);
    }
  }

  async putNew(key: string, bytes: Uint8Array, contentType: string): Promise<boolean> {
    // The answer to a key that is taken needs no data key, which there may be no master key for.
    if (this.#find(key) !== undefined) return false;
    return await this.#putUnless(() => true, key, bytes, contentType);
  }

  /** With nothing there any more, there is nothing to be lost. */
  async replace(key: string, bytes: Uint8Array, contentType: string, current: FileFacts): Promise<boolean> {
    return await this.#putUnless((latest) => isOther(latest, current), key, bytes, contentType);
  }

  async read(key: string, maxBytes: number): Promise<StoredFile | undefined> {
    const isTooLong = ({ record }: { readonly record: ObjectRecord }) => record.sizeBytes > maxBytes;
    const none = { start: 0, end: 0 };
    const found = await this.#store.read({ bucket: this.#bucket, key }, (object) =>
      isTooLong(object) ? none : undefined,
    );
    if (found === undefined || found.record.isDeleteMarker) return undefined;
    const chunks: Uint8Array[] = [];
    for await (const chunk of found.body) chunks.push(chunk);
    const facts = { sizeBytes: found.record.sizeBytes, md5: found.record.etag };
    return isTooLong(found) ? facts : { ...facts, bytes: Buffer.concat(chunks) };
  }

  async stat(key: string): Promise<FileFacts | undefined> {
    const record = this.#find(key);
    return record && { sizeBytes: record.sizeBytes, md5: record.etag };
  }

  /** For good: in a bucket with versioning the file would else stay behind a delete marker. */
  async remove(key: string): Promise<void> {
    try {
      const record = this.#find(key);
      if (record === undefined) return;
      await this.#store.delete({ bucket: this.#bucket, key, versionId: shownVersionId(record) });
    } catch (error) {
      // With the bucket gone, so is whatever was in it.
      if (!hasCode(error, 'NoSuchBucket')) throw error;
    }
  }

  /** As any client would that names no version: with versioning the file stays behind a delete marker. */
  async discard(key: string, current: FileFacts): Promise<boolean> {
    return await this.#store.deleteIf(this.#bucket, key, (latest) => !isOther(latest, current));
  }

  /** False, and nothing is stored, when the key is taken by what `isKept`. */
  async #putUnless(
    isKept: (latest: ObjectRecord) => boolean,
    key: string,
    bytes: Uint8Array,
    contentType: string,
  ): Promise<boolean> {
    const taken = new DomainError('InvalidArgument', `"${key}" is taken.`);
    const ifExists = (latest: ObjectRecord) => (isKept(latest) ? taken : undefined);
    try {
      await this.#store.put({ ...this.#request(key, contentType), ifExists }, single(bytes), {
        sizeBytes: bytes.length,
      });
      return true;
    } catch (error) {
      if (error === taken) return false;
      throw error;
    }
  }

  /** At once, so that whoever asked whose the bucket is asked it of the one that is written to. */
  #find(key: string): ObjectRecord | undefined {
    const record = this.#store.head({ bucket: this.#bucket, key })?.record;
    return record?.isDeleteMarker ? undefined : record;
  }

  #request(key: string, contentType: string): StorePut {
    return {
      bucket: this.#bucket,
      key,
      metadata: { headers: { 'content-type': contentType }, user: {} },
      ...(this.#encryption && { encryption: this.#encryption }),
    };
  }
}

function isOther({ sizeBytes, etag }: ObjectRecord, current: FileFacts): boolean {
  return sizeBytes !== current.sizeBytes || etag !== current.md5;
}

function choiceOf(encryption: RuleEncryption): EncryptionChoice {
  if (encryption.method === 'SSE-OSS') return { algorithm: 'AES256' };
  return { algorithm: 'KMS', ...(encryption.keyId !== undefined && { keyId: encryption.keyId }) };
}

async function* unlessAborted(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
