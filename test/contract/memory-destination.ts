/** A destination that holds its objects in memory. */

import { createHash } from 'node:crypto';
import { readFile, unlink } from 'node:fs/promises';
import type { Destination, FileFacts, LocalFile, StoredFile } from '../../src/inventory/destination.ts';
import { collect } from '../store-fixture.ts';

export interface StoredReportFile {
  readonly bytes: Buffer;
  readonly contentType: string;
}

export class MemoryDestination implements Destination {
  readonly objects = new Map<string, StoredReportFile>();
  isEncrypting = false;

  encrypts(): boolean {
    return this.isEncrypting;
  }

  async putFile(key: string, file: LocalFile): Promise<void> {
    const bytes = file.read === undefined ? await readFile(file.path) : await collect(file.read());
    const found = factsOf(bytes);
    if (found.sizeBytes !== file.sizeBytes || found.md5 !== file.md5) throw new Error(`${key} changed on its way`);
    await unlink(file.path);
    this.objects.set(key, { bytes, contentType: file.contentType });
  }

  async putNew(key: string, bytes: Uint8Array, contentType: string): Promise<boolean> {
    if (this.objects.has(key)) return false;
    this.objects.set(key, { bytes: Buffer.from(bytes), contentType });
    return true;
  }

  async replace(key: string, bytes: Uint8Array, contentType: string, current: FileFacts): Promise<boolean> {
    const stored = this.objects.get(key);
    const isOther = stored !== undefined && factsOf(stored.bytes).md5 !== current.md5;
    if (isOther) return false;
    this.objects.set(key, { bytes: Buffer.from(bytes), contentType });
    return true;
  }

  async read(key: string, maxBytes: number): Promise<StoredFile | undefined> {
    const stored = this.objects.get(key);
    if (stored === undefined) return undefined;
    const facts = factsOf(stored.bytes);
    return facts.sizeBytes > maxBytes ? facts : { ...facts, bytes: stored.bytes };
  }

  async stat(key: string): Promise<FileFacts | undefined> {
    const stored = this.objects.get(key);
    return stored && factsOf(stored.bytes);
  }

  async remove(key: string): Promise<void> {
    this.objects.delete(key);
  }
}

export function factsOf(bytes: Uint8Array): FileFacts {
  return { sizeBytes: bytes.length, md5: createHash('md5').update(bytes).digest('hex').toUpperCase() };
}
