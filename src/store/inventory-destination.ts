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

interface LocalFile extends FileFacts {
  readonly path: string;
  readonly contentType: string;
  readonly read?: () => AsyncIterable<Uint8Array>;
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
      await this.#store.adopt(request, file.path, promise);
    } else {
      await this.#store.put(request, file.read(), promise);
      await unlink(file.path);
    }
  }

  async putNew(key: string, bytes: Uint8Array, contentType: string): Promise<boolean> {
    // The answer to a key that is taken needs no data key, which there may be no master key for.
    if (this.#find(key) !== undefined) return false;
    const taken = new DomainError('InvalidArgument', `"${key}" is taken.`);
    const request = { ...this.#request(key, contentType), ifExists: () => taken };
    try {
      await this.#store.put(request, single(bytes), { sizeBytes: bytes.length });
      return true;
    } catch (error) {
      if (error === taken) return false;
      throw error;
    }
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

function choiceOf(encryption: RuleEncryption): EncryptionChoice {
  if (encryption.method === 'SSE-OSS') return { algorithm: 'AES256' };
  return { algorithm: 'KMS', ...(encryption.keyId !== undefined && { keyId: encryption.keyId }) };
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
