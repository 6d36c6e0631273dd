/**
 * Content ids: one for each body ever received, rising, never used twice. The id names the body's file, so the marks
 * kept here say after a crash where unfinished uploads may have left one.
 */

import type { IndexDatabase } from '../index-database.ts';

/** The marks in the index. */
export const NEXT_CONTENT_ID = 'nextContentId';
export const OLDEST_OPEN_CONTENT_ID = 'oldestOpenContentId';

export class ContentIds {
  readonly #meta: IndexDatabase['meta'];
  readonly #open = new Set<number>();
  #next: number;
  #oldestLeft = Number.POSITIVE_INFINITY;

  constructor(meta: IndexDatabase['meta']) {
    this.#meta = meta;
    this.#next = meta.get(NEXT_CONTENT_ID) ?? 1;
  }

  /** An id for a body that begins to arrive; `settle` it when it is committed or given up. */
  take(): number {
    const id = this.#next++;
    this.#open.add(id);
    return id;
  }

  settle(id: number): void {
    this.#open.delete(id);
  }

  /**
   * The id's file may be there without an index entry that names it, and nobody here can tell or mend it: the marks
   * stay where the next start's sweep finds it.
   */
  leaveToSweep(id: number): void {
    this.#oldestLeft = Math.min(this.#oldestLeft, id);
  }

  /** Goes into every commit: ids below the first mark are settled, ids from the second on were never given out. */
  writeMarks(): void {
    this.#meta.putSync(NEXT_CONTENT_ID, this.#next);
    // A set keeps the order of insertion, and ids rise: the first is the oldest.
    const oldestOpen = this.#open.values().next().value ?? this.#next;
    this.#meta.putSync(OLDEST_OPEN_CONTENT_ID, Math.min(oldestOpen, this.#oldestLeft));
  }

  /** The oldest id that was open at the last commit before this start. */
  oldestOpenAtStart(): number {
    return this.#meta.get(OLDEST_OPEN_CONTENT_ID) ?? 1;
  }

  /** Moves past an id that a file was found to use. */
  skip(id: number): void {
    this.#next = Math.max(this.#next, id + 1);
  }
}
