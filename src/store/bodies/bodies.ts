/**
 * The bodies of a store: taken in, given out, and removed. Short ones lie in the index and long ones in files; the body
 * of a multipart object is that of its parts. Encrypted ones are sealed on their way in and opened on their way out.
 */

import { open } from 'node:fs/promises';
import { DomainError } from '../../core/errors.ts';
import type { BodyPromise, ByteRange } from '../../core/stored-object.ts';
import { CommitError } from '../commit-queue.ts';
import { BodyDigest } from './body-digest.ts';
import { type BodyFiles, READ_CHUNK_BYTES } from './body-files.ts';
import { type ReceivedBody, receiveBody } from './body-intake.ts';
import { BodyRead, type Stretch } from './body-read.ts';
import type { Body } from './content.ts';
import type { ContentIds } from './content-ids.ts';
import type { ContentTable } from './content-table.ts';
import type { FileRemoval } from './file-removal.ts';

export interface BodiesParts {
  readonly files: BodyFiles;
  readonly ids: ContentIds;
  readonly contents: ContentTable;
  readonly removal: FileRemoval;
}

/** A local file that is to become a body as it is. */
export interface FinishedFile {
  readonly path: string;
  /** Aborted when it is no longer to become one; then nothing of it is stored. */
  readonly signal?: AbortSignal | undefined;
}

export class Bodies {
  readonly #files: BodyFiles;
  readonly #ids: ContentIds;
  readonly #contents: ContentTable;
  readonly #removal: FileRemoval;

  constructor({ files, ids, contents, removal }: BodiesParts) {
    this.#files = files;
    this.#ids = ids;
    this.#contents = contents;
    this.#removal = removal;
  }

  /**
   * Takes in a body that arrives as a stream, and hands it to `commit`, which makes the index name it. If that fails,
   * nothing is left of the body.
   */
  async take<T>(
    body: AsyncIterable<Uint8Array>,
    { promise, dataKey }: { readonly promise: BodyPromise; readonly dataKey?: Uint8Array | undefined },
    commit: (received: ReceivedBody) => Promise<T>,
  ): Promise<T> {
    const contentId = this.#ids.take();
    try {
      return await this.#commit(await receiveBody(body, promise, { contentId, files: this.#files, dataKey }), commit);
    } finally {
      this.#ids.settle(contentId);
    }
  }

  /**
   * Takes over a finished local file of the same file system, as `take` does. Its digests are computed from what the
   * disk gives back, so a file that was damaged after it was written is refused.
   */
  async adopt<T>(file: FinishedFile, promise: BodyPromise, commit: (received: ReceivedBody) => Promise<T>): Promise<T> {
    const contentId = this.#ids.take();
    try {
      const received = await digestFile(file, contentId);
      if (promise.md5 !== undefined && !received.md5.equals(promise.md5)) {
        throw new DomainError('InvalidDigest', 'The file changed after it was written.');
      }
      return await this.#commit(received, commit);
    } finally {
      this.#ids.settle(contentId);
    }
  }

  /** An id for a content that is made of bodies which are here already. */
  async compose<T>(commit: (contentId: number) => Promise<T>): Promise<T> {
    const contentId = this.#ids.take();
    try {
      return await commit(contentId);
    } finally {
      this.#ids.settle(contentId);
    }
  }

  /**
   * Takes hold of `range` of the bodies that lie one after the other, at once: from here on they stay readable, even
   * when they are removed. The caller reads the whole or closes it.
   */
  hold(bodies: readonly Body[], range: ByteRange): BodyRead {
    const stretches = stretchesOf(bodies, range).map((stretch) =>
      stretch.body.place === 'index' ? { ...stretch, bytes: this.#contents.bytes(stretch.body) } : stretch,
    );
    const files = stretches.filter(({ body }) => body.place === 'file').map(({ body }) => body.contentId);
    return new BodyRead(stretches, this.#files, this.#removal.pin(files));
  }

  async #commit<T>(received: ReceivedBody, commit: (received: ReceivedBody) => Promise<T>): Promise<T> {
    const { contentId, stagedPath } = received;
    try {
      if (stagedPath !== undefined) await this.#files.publish(contentId, stagedPath);
      return await commit(received);
    } catch (error) {
      if (stagedPath !== undefined) await this.#giveUp(contentId, stagedPath, error);
      throw error;
    }
  }

  /** Removes the file of a put that failed, or leaves it to the next start when the index may name it nevertheless. */
  async #giveUp(contentId: number, stagedPath: string, reason: unknown): Promise<void> {
    if (reason instanceof CommitError && this.#mayBeNamed(contentId)) {
      this.#ids.leaveToSweep(contentId);
      return;
    }
    // The client is to hear why the put failed, not that its file would not go either.
    await this.#files.discard(contentId, stagedPath).catch(() => this.#ids.leaveToSweep(contentId));
  }

  /** Also when the index can't say, because it can't be read until it is opened again. */
  #mayBeNamed(contentId: number): boolean {
    try {
      return this.#contents.hasFile(contentId);
    } catch {
      return true;
    }
  }
}

/** How a body that was received lies. */
export function placeOf({ stagedPath, sizeBytes }: ReceivedBody): Body['place'] {
  if (stagedPath !== undefined) return 'file';
  return sizeBytes === 0 ? 'none' : 'index';
}

/** The parts of bodies that `range` of the whole touches. */
function stretchesOf(bodies: readonly Body[], range: ByteRange): Stretch[] {
  const stretches: Stretch[] = [];
  let at = 0;
  for (const body of bodies) {
    const start = Math.max(range.start - at, 0);
    const end = Math.min(range.end - at, body.sizeBytes);
    if (start < end) stretches.push({ body, range: { start, end } });
    at += body.sizeBytes;
  }
  return stretches;
}

async function digestFile({ path, signal }: FinishedFile, contentId: number): Promise<ReceivedBody> {
  const handle = await open(path, 'r');
  try {
    await handle.datasync();
    const digest = await BodyDigest.create();
    let sizeBytes = 0;
    for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: READ_CHUNK_BYTES })) {
      signal?.throwIfAborted();
      digest.update(chunk);
      sizeBytes += chunk.length;
    }
    return { contentId, sizeBytes, ...digest.finish(), stagedPath: path };
  } finally {
    await handle.close();
  }
}
