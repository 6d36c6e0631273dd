/**
 * Takes a body in as a stream: keeps up to 32 KiB in memory for the index, and lets anything longer run into a staged
 * file, digested on the way, and sealed if the object is encrypted. Memory does not grow with the body. What the client
 * promised of the body (length, MD5, CRC-64) is checked before anything is stored.
 */

import { DomainError } from '../../core/errors.ts';
import { MAX_PUT_BYTES } from '../../core/limits.ts';
import type { BodyPromise } from '../../core/stored-object.ts';
import { BodyDigest, type Digests, digestsOf } from './body-digest.ts';
import type { BodyFiles, StagedFile } from './body-files.ts';
import { BodySealer } from './sealed-body.ts';

/** The longest body that is kept in the index. */
export const MAX_INDEX_BODY_BYTES = 32 * 1024;

export interface ReceivedBody extends Digests {
  readonly contentId: number;
  readonly sizeBytes: number;
  /** The bytes of a short body, sealed if need be; a long one lies in `stagedPath`, on disk already. */
  readonly bytes?: Uint8Array;
  readonly stagedPath?: string;
}

/** Where a body goes, and the data key that seals it, if any does. */
export interface BodyPlacement {
  readonly contentId: number;
  readonly files: BodyFiles;
  readonly dataKey?: Uint8Array | undefined;
}

export async function receiveBody(
  body: AsyncIterable<Uint8Array>,
  promise: BodyPromise,
  place: BodyPlacement,
): Promise<ReceivedBody> {
  if ((promise.sizeBytes ?? 0) > MAX_PUT_BYTES) throw tooLarge(promise.sizeBytes ?? 0);
  const { contentId } = place;
  const held: Uint8Array[] = [];
  let sizeBytes = 0;
  let long: LongBody | undefined;
  try {
    for await (const chunk of body) {
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_PUT_BYTES) throw tooLarge(sizeBytes);
      if (long !== undefined) {
        await long.write(chunk);
        continue;
      }
      held.push(chunk);
      if (sizeBytes <= MAX_INDEX_BODY_BYTES) continue;
      long = await LongBody.open(place);
      for (const early of held.splice(0)) await long.write(early);
    }
    if (long === undefined) {
      const bytes = Buffer.concat(held);
      const digests = digestsOf(bytes);
      checkPromise(promise, sizeBytes, digests);
      return { contentId, sizeBytes, ...digests, bytes: sealWhole(bytes, place) };
    }
    const digests = long.digests();
    checkPromise(promise, sizeBytes, digests);
    await long.finish();
    return { contentId, sizeBytes, ...digests, stagedPath: long.file.path };
  } catch (error) {
    // What cannot be removed now goes when the next start empties `staging/`; the caller is told what went wrong first.
    await long?.file.discard().catch(() => undefined);
    throw error;
  }
}

/** A body too long for the index: digested on its way into a staged file. */
class LongBody {
  readonly file: StagedFile;
  readonly #digest: BodyDigest;
  readonly #sealer: BodySealer | undefined;

  private constructor(file: StagedFile, digest: BodyDigest, sealer: BodySealer | undefined) {
    this.file = file;
    this.#digest = digest;
    this.#sealer = sealer;
  }

  static async open({ contentId, files, dataKey }: BodyPlacement): Promise<LongBody> {
    const digest = await BodyDigest.create();
    const sealer = dataKey === undefined ? undefined : new BodySealer(dataKey, contentId);
    return new LongBody(await files.stage(contentId), digest, sealer);
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#digest.update(chunk);
    for (const bytes of this.#sealer?.update(chunk) ?? [chunk]) await this.file.write(bytes);
  }

  digests(): Digests {
    return this.#digest.finish();
  }

  /** Returns when every byte is on disk. */
  async finish(): Promise<void> {
    for (const bytes of this.#sealer?.finish() ?? []) await this.file.write(bytes);
    await this.file.finish();
  }
}

function sealWhole(bytes: Uint8Array, { contentId, dataKey }: BodyPlacement): Uint8Array {
  if (dataKey === undefined) return bytes;
  const sealer = new BodySealer(dataKey, contentId);
  return Buffer.concat([...sealer.update(bytes), ...sealer.finish()]);
}

function checkPromise(promise: BodyPromise, sizeBytes: number, { md5, crc64 }: Digests): void {
  if (promise.sizeBytes !== undefined && promise.sizeBytes !== sizeBytes) {
    throw new DomainError(
      'IncompleteBody',
      `The body has ${sizeBytes} bytes where Content-Length promised ${promise.sizeBytes}.`,
    );
  }
  if (promise.md5 !== undefined && !md5.equals(promise.md5)) {
    throw new DomainError('InvalidDigest', 'The Content-MD5 you specified was invalid.', {
      ContentMD5: Buffer.from(promise.md5).toString('base64'),
      CalculatedMD5: md5.toString('base64'),
    });
  }
  if (promise.crc64 !== undefined && promise.crc64 !== crc64) {
    throw new DomainError('InvalidCrc64', 'The x-oss-hash-crc64ecma you specified does not match what we calculated.', {
      Provided: String(promise.crc64),
      Calculated: String(crc64),
    });
  }
}

function tooLarge(sizeBytes: number): DomainError {
  return new DomainError(
    'EntityTooLarge',
    `Your proposed upload exceeds the maximum allowed size: at least ${sizeBytes} bytes where at most ${MAX_PUT_BYTES} are accepted.`,
  );
}
