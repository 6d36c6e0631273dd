/** The whole index as of one instant: whatever is committed later, this reads on as it was. */

import type { Database, Key, RangeOptions, Transaction } from 'lmdb';
import type { IndexDatabase } from './index-database.ts';

export class IndexSnapshot {
  readonly db: IndexDatabase;
  readonly #transaction: Transaction;

  /** Takes hold of the present instant. Until it is closed, no page of the index that it sees is used again. */
  constructor(db: IndexDatabase) {
    this.db = db;
    this.#transaction = db.root.useReadTransaction();
  }

  get<V, K extends Key>(table: Database<V, K>, key: K): V | undefined {
    return table.get(key, { transaction: this.#transaction });
  }

  has<V, K extends Key>(table: Database<V, K>, key: K): boolean {
    return this.get(table, key) !== undefined;
  }

  range<V, K extends Key>(table: Database<V, K>, range: RangeOptions = {}): Iterable<{ key: K; value: V }> {
    return table.getRange({ ...range, transaction: this.#transaction });
  }

  keys<V, K extends Key>(table: Database<V, K>, range: RangeOptions = {}): Iterable<K> {
    return table.getKeys({ ...range, transaction: this.#transaction });
  }

  /** The names of all databases in it, also of those that this version doesn't know. */
  names(): string[] {
    return [...this.db.root.getKeys({ transaction: this.#transaction })].map(String);
  }

  close(): void {
    this.#transaction.done();
  }
}
