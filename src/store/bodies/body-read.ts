/** Bytes of a body on their way out. Until it is read to its end or closed, its files are kept from being removed. */

import type { ByteRange } from '../../core/stored-object.ts';
import { type BodyFiles, READ_CHUNK_BYTES } from './body-files.ts';
import type { Body } from './content.ts';
import { unseal } from './sealed-body.ts';

/** A part of one body. */
export interface Stretch {
  readonly body: Body;
  readonly range: ByteRange;
  /** The stored bytes of the whole body, when the index holds it. */
  readonly bytes?: Uint8Array;
}

export class BodyRead {
  readonly #stretches: readonly Stretch[];
  readonly #files: BodyFiles;
  readonly #release: () => void;

  /** `release` lets go of the files; called once. */
  constructor(stretches: readonly Stretch[], files: BodyFiles, release: () => void) {
    this.#stretches = stretches;
    this.#files = files;
    this.#release = release;
  }

  /** For a body that is not read. */
  close(): void {
    this.#release();
  }

  /** The bytes, opened with `dataKey` when they are sealed. Reading to the end, or returning early, closes. */
  bytes(dataKey?: Uint8Array): AsyncIterable<Uint8Array> & AsyncIterator<Uint8Array, void, undefined> {
    const inner = this.#read(dataKey);
    let isClosed = false;
    const close = () => {
      if (!isClosed) this.#release();
      isClosed = true;
    };
    const closing = async <T>(step: Promise<IteratorResult<Uint8Array, T>>) => {
      try {
        const result = await step;
        if (result.done === true) close();
        return result;
      } catch (error) {
        close();
        throw error;
      }
    };
    // A generator that was never started doesn't run its `finally`, so closing can't be left to it.
    return {
      next: () => closing(inner.next()),
      return: () => closing(inner.return()),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  async *#read(dataKey: Uint8Array | undefined): AsyncGenerator<Uint8Array, void, undefined> {
    for (const stretch of this.#stretches) {
      const { body, range } = stretch;
      if (dataKey === undefined) {
        yield* this.#stored(stretch, range);
        continue;
      }
      const { contentId, sizeBytes } = body;
      yield* unseal({ dataKey, contentId, sizeBytes, range }, (sealed) => this.#stored(stretch, sealed));
    }
  }

  /** Bytes of a body as they are stored. */
  async *#stored({ body, bytes }: Stretch, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
    if (bytes !== undefined) {
      if (bytes.length < end) throw damaged(body);
      yield bytes.subarray(start, end);
      return;
    }
    const handle = await this.#files.open(body.contentId);
    let at = start;
    for await (const chunk of handle.createReadStream({ start, end: end - 1, highWaterMark: READ_CHUNK_BYTES })) {
      at += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
    if (at < end) throw damaged(body);
  }
}

function damaged({ contentId, sizeBytes }: Body): Error {
  return new Error(`the body of content ${contentId} is shorter than its ${sizeBytes} bytes`);
}
