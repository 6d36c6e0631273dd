/**
 * Removes the files of bodies that the index has let go of. Each has a mark in the index, and the mark may go only
 * when no power loss can bring the file back. Callers wait for the unlink alone: the syncs go on behind them, one for
 * each touched folder and all that came meanwhile, because a thousand deletes may touch a thousand folders.
 */

import type { BodyFiles } from './body-files.ts';

/** The most files that may wait for a sync. What is more keeps its mark, and the next start sees to it. */
const MAX_UNSYNCED = 64 * 1024;

type RemovableFiles = Pick<BodyFiles, 'unlink' | 'syncRemoved'>;

export class FileRemoval {
  readonly #files: RemovableFiles;
  readonly #forget: (contentIds: readonly number[]) => Promise<void>;
  #unsynced: number[] = [];
  #finishing: Promise<void> | undefined;

  /** `forget` removes the marks of files that are gone for good. */
  constructor(files: RemovableFiles, forget: (contentIds: readonly number[]) => Promise<void>) {
    this.#files = files;
    this.#forget = forget;
  }

  /**
   * Resolves when the files are unlinked. The change that let go of them is durable already, so nothing here fails
   * it: a file that cannot be removed, or forgotten, keeps its mark, and the next start tries again.
   */
  async remove(contentIds: readonly number[]): Promise<void> {
    const { removed } = await this.#files.unlink(contentIds);
    this.#unsynced = this.#unsynced.concat(removed.slice(0, MAX_UNSYNCED - this.#unsynced.length));
    if (this.#unsynced.length > 0) this.#finishing ??= this.#finish();
  }

  /** Resolves when nothing goes on behind any more. */
  async drain(): Promise<void> {
    await this.#finishing;
  }

  async #finish(): Promise<void> {
    while (this.#unsynced.length > 0) {
      const batch = this.#unsynced;
      this.#unsynced = [];
      const { removed } = await this.#files.syncRemoved(batch);
      if (removed.length > 0) await this.#forget(removed).catch(() => undefined);
    }
    this.#finishing = undefined;
  }
}
