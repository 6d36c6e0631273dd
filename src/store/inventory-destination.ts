/** An embedded bucket as a place for reports: what the inventory engine writes goes through the store's own puts. */

import { DomainError, hasCode } from '../core/errors.ts';
import type { ObjectStore } from './object-store.ts';

interface FileFacts {
  readonly sizeBytes: number;
  readonly md5: string;
}

interface LocalFile extends FileFacts {
  readonly path: string;
  readonly contentType: string;
}

export class BucketDestination {
  readonly #store: ObjectStore;
  readonly #bucket: string;

  constructor(store: ObjectStore, bucket: string) {
    this.#store = store;
    this.#bucket = bucket;
  }

  async putFile(key: string, file: LocalFile): Promise<void> {
    const request = { bucket: this.#bucket, key, metadata: withType(file.contentType) };
    await this.#store.adopt(request, file.path, { sizeBytes: file.sizeBytes, md5: Buffer.from(file.md5, 'hex') });
  }

  async putNew(key: string, bytes: Uint8Array, contentType: string): Promise<boolean> {
    const taken = new DomainError('InvalidArgument', `"${key}" is taken.`);
    const request = { bucket: this.#bucket, key, metadata: withType(contentType), ifExists: () => taken };
    try {
      await this.#store.put(request, single(bytes), { sizeBytes: bytes.length });
      return true;
    } catch (error) {
      if (error === taken) return false;
      throw error;
    }
  }

  async stat(key: string): Promise<FileFacts | undefined> {
    const record = this.#store.head(this.#bucket, key)?.record;
    return record === undefined ? undefined : { sizeBytes: record.sizeBytes, md5: record.etag };
  }

  async remove(key: string): Promise<void> {
    try {
      await this.#store.delete(this.#bucket, key);
    } catch (error) {
      // With the bucket gone, so is whatever was in it.
      if (!hasCode(error, 'NoSuchBucket')) throw error;
    }
  }
}

function withType(contentType: string) {
  return { headers: { 'content-type': contentType }, user: {} };
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
