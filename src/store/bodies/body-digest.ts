/** The digests a store keeps of a body: MD5 (the ETag) and CRC-64/XZ (what clients check). */

import { createHash, type Hash, hash } from 'node:crypto';
import { createCRC64, type IHasher } from 'hash-wasm';

export interface Digests {
  readonly md5: Buffer;
  readonly crc64: bigint;
}

/** Serves every body that is digested in one go, because nothing can come between. */
const sharedHasher = await createCRC64();

/** The digests of a body that is there whole. */
export function digestsOf(bytes: Uint8Array): Digests {
  sharedHasher.init();
  sharedHasher.update(bytes);
  return { md5: hash('md5', bytes, 'buffer'), crc64: crc64Of(sharedHasher) };
}

/** CRC-64 hashers at rest. Each is a WebAssembly instance, which costs more to make than a short body to digest. */
const idleHashers: IHasher[] = [];
const MAX_IDLE_HASHERS = 64;

/** Digests a body while it streams by. */
export class BodyDigest {
  readonly #md5: Hash = createHash('md5');
  readonly #crc64: IHasher;

  private constructor(crc64: IHasher) {
    this.#crc64 = crc64;
  }

  static async create(): Promise<BodyDigest> {
    const crc64 = idleHashers.pop() ?? (await createCRC64());
    crc64.init();
    return new BodyDigest(crc64);
  }

  update(chunk: Uint8Array): void {
    this.#md5.update(chunk);
    this.#crc64.update(chunk);
  }

  /** The digests of all that was fed in; the object is spent. */
  finish(): Digests {
    const digests = { md5: this.#md5.digest(), crc64: crc64Of(this.#crc64) };
    if (idleHashers.length < MAX_IDLE_HASHERS) idleHashers.push(this.#crc64);
    return digests;
  }
}

function crc64Of(hasher: IHasher): bigint {
  return BigInt(`0x${hasher.digest('hex')}`);
}
