/**
 * Removes the files of bodies that the index has let go of. Each has a mark in the index, and the mark may go only
 * when no power loss can bring the file back. Callers wait for the unlink alone: the syncs go on behind them, one for
 * each touched folder and all that came meanwhile, because a thousand deletes may touch a thousand folders.
 *
 * A file that somebody reads is pinned, and is removed when the last of them is done. While everything is held, the
 * marks alone remember what is to go.
 */

import { reach } from '../../core/failpoint.ts';
import type { BodyFiles } from './body-files.ts';

/** The most files that may wait for a sync. What is more keeps its mark, and the next start sees to it. */
const MAX_UNSYNCED = 64 * 1024;

/** How many are looked up at once when the marks are gone through. */
const PAGE = 4096;

/** The marks that are removed in one commit: the event loop stands still while a transaction is written. */
const MARKS_PER_COMMIT = 2048;

type RemovableFiles = Pick<BodyFiles, 'unlink' | 'syncRemoved'>;

/** The marks in the index. */
export interface RemovalMarks {
  /** The first `limit` content ids above `after` that bear one. */
  list(after: number, limit: number): readonly number[];
  /** Removes those of files that are gone for good. */
  forget(contentIds: readonly number[]): Promise<void>;
}

export class FileRemoval {
  readonly #files: RemovableFiles;
  readonly #marks: RemovalMarks;
  #unsynced: number[] = [];
  #finishing: Promise<void> | undefined;
  /** How often each content id is pinned. */
  readonly #pins = new Map<number, { count: number; isToGo: boolean }>();
  #isHeld = false;
  #unpinned: Promise<void> = Promise.resolve();

  constructor(files: RemovableFiles, marks: RemovalMarks) {
    this.#files = files;
    this.#marks = marks;
  }

  /**
   * Resolves when the files are unlinked. The change that let go of them is durable already, so nothing here fails
   * it: a file that cannot be removed, or forgotten, keeps its mark, and the next start tries again.
   */
  async remove(contentIds: readonly number[]): Promise<void> {
    await this.#unlink(contentIds.filter((id) => !this.#isKept(id)));
  }

  /** Keeps files from being removed until what this returns is called. */
  pin(contentIds: readonly number[]): () => void {
    for (const id of contentIds) {
      const pin = this.#pins.get(id);
      if (pin === undefined) this.#pins.set(id, { count: 1, isToGo: false });
      else pin.count++;
    }
    return () => this.#unpin(contentIds);
  }

  /** Removes every file that bears a mark, but for those that are kept just now. */
  async removeMarked(): Promise<void> {
    for (let last: number | undefined = 0; last !== undefined; ) {
      const page = this.#marks.list(last, PAGE);
      await this.remove(page);
      await this.#finishing;
      last = page.at(-1);
    }
  }

  /** Runs `work` while no file is removed at all; what came to be removed meanwhile goes afterwards. */
  async holdAll<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isHeld) throw new Error('removals are held already');
    this.#isHeld = true;
    try {
      return await work();
    } finally {
      this.#isHeld = false;
      await this.removeMarked();
    }
  }

  #isKept(contentId: number): boolean {
    if (this.#isHeld) return true;
    const pin = this.#pins.get(contentId);
    if (pin !== undefined) pin.isToGo = true;
    return pin !== undefined;
  }

  #unpin(contentIds: readonly number[]): void {
    const toGo: number[] = [];
    for (const id of contentIds) {
      const pin = this.#pins.get(id);
      if (pin === undefined || --pin.count > 0) continue;
      this.#pins.delete(id);
      if (pin.isToGo) toGo.push(id);
    }
    if (toGo.length > 0) this.#unpinned = this.#unpinned.then(() => this.remove(toGo)).catch(() => undefined);
  }

  async #unlink(contentIds: readonly number[]): Promise<void> {
    if (contentIds.length === 0) return;
    const { removed } = await this.#files.unlink(contentIds);
    this.#unsynced = this.#unsynced.concat(removed.slice(0, MAX_UNSYNCED - this.#unsynced.length));
    if (this.#unsynced.length > 0) this.#finishing ??= this.#finish();
  }

  /** Resolves when nothing goes on behind any more. */
  async drain(): Promise<void> {
    await this.#unpinned;
    await this.#finishing;
  }

  async #finish(): Promise<void> {
    while (this.#unsynced.length > 0) {
      const batch = this.#unsynced;
      this.#unsynced = [];
      const { removed } = await this.#files.syncRemoved(batch);
      if (removed.length > 0) reach('removal.synced');
      for (let at = 0; at < removed.length; at += MARKS_PER_COMMIT) {
        await this.#marks.forget(removed.slice(at, at + MARKS_PER_COMMIT)).catch(() => undefined);
      }
    }
    this.#finishing = undefined;
  }
}
