/** Where a virtual clock stands, and with that whether the folder is one of tests. */

import type { Kysely } from 'kysely';
import { changeState } from './change-state.ts';
import type { Schema } from './schema.ts';

export class VirtualClockTable {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** The time that it showed last; undefined in a folder that keeps real time, or is new. */
  async read(): Promise<number | undefined> {
    return (await this.#db.selectFrom('virtual_clock').select('now').executeTakeFirst())?.now;
  }

  /** Keeps the time, before anything happens at it: no start may find the clock behind what it has done. */
  async write(nowMs: number): Promise<void> {
    await changeState(this.#db, 'clock-set', async (trx) => {
      await trx
        .insertInto('virtual_clock')
        .values({ id: 1, now: nowMs })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ now: nowMs }))
        .execute();
    });
  }

  /** No server has kept anything in this folder yet. */
  async isNew(): Promise<boolean> {
    return (await this.#db.selectFrom('accounts').select('id').limit(1).executeTakeFirst()) === undefined;
  }
}
