/**
 * Many writers, one fsync. Mutations that arrive while a commit is on its way to disk wait and go together in the
 * next one; each is answered when its commit is durable. There is one writer, so holding the queue holds the store
 * still: whoever begins to read meanwhile sees the same instant.
 */

import { setImmediate } from 'node:timers/promises';
import type { RootDatabase } from 'lmdb';
import { DomainError } from '../core/errors.ts';
import { reach } from '../core/failpoint.ts';

/**
 * A change, applied synchronously inside a write transaction. It throws a DomainError only before its first
 * write, and touches nothing outside the index, because it may be taken back and run again.
 */
export type Mutation<T> = () => T;

/** The most that goes into one commit, in changed keys: the event loop stands still while a transaction is written. */
const MAX_BATCH_WEIGHT = 2048;

interface Waiting {
  readonly mutate: Mutation<unknown>;
  readonly weight: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

export interface CommitQueueOptions {
  /** Writes inside each transaction after its mutations: marks that must move with them. */
  readonly beforeCommit: () => void;
  /** Told once when the index can't be used any more until it is opened again. */
  readonly onUnusable?: ((reason: DomainError) => void) | undefined;
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** The commit itself failed: whether its mutations are on disk shows only when the index is opened again. */
export class CommitError extends Error {
  constructor(cause: unknown) {
    super(`The commit failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'CommitError';
  }
}

export class CommitQueue {
  readonly #root: RootDatabase;
  readonly #beforeCommit: () => void;
  readonly #onUnusable: CommitQueueOptions['onUnusable'];
  #waiting: Waiting[] = [];
  #tail: Promise<void> = Promise.resolve();
  #isScheduled = false;
  #unusable: DomainError | undefined;

  constructor(root: RootDatabase, { beforeCommit, onUnusable }: CommitQueueOptions) {
    this.#root = root;
    this.#beforeCommit = beforeCommit;
    this.#onUnusable = onUnusable;
  }

  /**
   * Resolves with what `mutate` returned, once it is on disk; rejects with what it threw, and then it wrote nothing,
   * or with a `CommitError`. `weight` is how many keys it changes, about.
   */
  commit<T>(mutate: Mutation<T>, weight = 1): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ mutate, weight, resolve: resolve as (value: unknown) => void, reject });
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      this.#tail = this.#tail.then(() => this.#commitWaiting());
    });
  }

  /** Runs `work` while no commit is under way and none begins. */
  hold<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** Resolves when nothing waits any more, whatever was handed in meanwhile included. */
  async drain(): Promise<void> {
    // A commit that leaves mutations waiting adds the next one to the tail.
    for (let tail: Promise<void> | undefined; tail !== this.#tail; await tail) tail = this.#tail;
  }

  async #commitWaiting(): Promise<void> {
    const batch = this.#waiting.splice(0, batchLength(this.#waiting));
    if (this.#waiting.length === 0) this.#isScheduled = false;
    else this.#tail = this.#tail.then(() => this.#commitWaiting());

    if (await this.#commitTogether(batch)) return;
    // Something in it is broken and all of it was taken back. Run again each by itself, only the broken fail; lmdb
    // still writes them to disk together and in this order.
    await Promise.all(batch.map((each) => this.#commitTogether([each])));
  }

  /** Answers each of the batch, unless a mutation broke in company: then nothing was written, and false is returned. */
  async #commitTogether(batch: readonly Waiting[]): Promise<boolean> {
    let outcomes: Outcome[] = [];
    let broken: { readonly error: unknown } | undefined;
    if (this.#unusable !== undefined) {
      for (const { reject } of batch) reject(this.#unusable);
      return true;
    }
    try {
      // As a child transaction, because only that is rolled back when something throws: a batch goes in whole or not.
      await this.#root.childTransaction(() => {
        try {
          outcomes = batch.map(attempt);
          this.#beforeCommit();
          reach('index.commit');
        } catch (error) {
          broken = { error };
          throw error;
        }
      });
    } catch (error) {
      if (broken !== undefined && batch.length > 1) return false;
      const reason = broken === undefined ? await this.#commitFailed(error) : broken.error;
      for (const { reject } of batch) reject(reason);
      return true;
    }
    reach('index.committed');
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) reject(new Error('the commit ended without an outcome for this mutation'));
      else if ('error' in outcome) reject(outcome.error);
      else resolve(outcome.value);
    }
    return true;
  }

  /**
   * A commit that the disk refused was taken back, and lmdb goes on. But if what could not be written was the page that
   * makes a commit valid, lmdb does nothing any more until the index is opened again, and would let writers wait for ever.
   */
  async #commitFailed(error: unknown): Promise<CommitError> {
    const failure = new CommitError(await causeOf(error));
    if (this.#unusable === undefined && !isUsable(this.#root)) {
      const text = 'The index can be neither read nor written any more until the server is started again.';
      this.#unusable = new DomainError('StorageUnusable', text, {}, { cause: failure });
      this.#onUnusable?.(this.#unusable);
    }
    return failure;
  }
}

function isUsable(root: RootDatabase): boolean {
  try {
    root.resetReadTxn();
    root.useReadTransaction().done();
    return true;
  } catch {
    return false;
  }
}

/**
 * What lmdb means by an error of its own. It tells the cause by a promise, which it rejects in the same turn: looked
 * at or not, so that unless it is, the process ends of it.
 */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error && error.commitError instanceof Promise)) return error;
  return await Promise.race([error.commitError.catch((cause: unknown) => cause), setImmediate(error)]);
}

/** How many of those that wait go together: the first in any case, then as long as their weights fit. */
function batchLength(waiting: readonly Waiting[]): number {
  let weight = 0;
  for (const [index, each] of waiting.entries()) {
    weight += each.weight;
    if (weight > MAX_BATCH_WEIGHT && index > 0) return index;
  }
  return waiting.length;
}

function attempt({ mutate }: Waiting): Outcome {
  try {
    return { value: mutate() };
  } catch (error) {
    // A DomainError is thrown before the first write. Anything else may have left half a change in the transaction.
    if (error instanceof DomainError) return { error };
    throw error;
  }
}
