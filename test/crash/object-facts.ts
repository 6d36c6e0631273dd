/** What is promised of an object: its bytes, and what is stored beside them. */

import { createHash } from 'node:crypto';
import type { Random } from './random.ts';

/** The header that tells which put an object came from. */
export const GENERATION_HEADER = 'x-oss-meta-generation';

export interface ObjectFacts {
  readonly sizeBytes: number;
  readonly md5: string;
  readonly etag: string;
  /** What its metadata says of where it came from. */
  readonly origin: string;
  readonly encryption: string;
  /** As in `a=1&b=2`. */
  readonly tags: string;
}

/** Of an object that came in one piece. */
export function factsOf(bytes: Buffer, more: Pick<ObjectFacts, 'origin' | 'encryption' | 'tags'>): ObjectFacts {
  const md5 = md5Of(bytes);
  return { sizeBytes: bytes.length, md5, etag: md5, ...more };
}

export function md5Of(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex').toUpperCase();
}

/** A size near one of the edges that the store treats differently, most often a small one. */
export function sizeOf(random: Random): number {
  const kind = random.between(0, 40);
  if (kind === 0) return 0;
  if (kind === 1) return random.between(1_000_000, 3_000_000);
  if (kind <= 6) return 32 * 1024 + random.between(-1, 2);
  if (kind <= 14) return random.between(40_000, 100_000);
  return random.between(1, 4000);
}

/** Bytes that no other put has: one that is mixed of two, or cut, has another MD5. */
export function bodyOf(seed: string, sizeBytes: number): Buffer {
  return Buffer.alloc(sizeBytes, `${seed} `);
}
