/**
 * Master keys, sealed. The table doesn't know what opens them; it sees that there is one default at most, and that a
 * key changes from a state that it is in.
 */

import type { Kysely } from 'kysely';
import type { KeySpec, KeyState } from '../core/encryption-key.ts';
import { changeState } from './change-state.ts';
import { emptyLog } from './control-database.ts';
import type { KeyRow, Schema } from './schema.ts';

export interface StoredKey {
  readonly id: string;
  readonly kind: 'service' | 'account';
  readonly spec: KeySpec;
  readonly state: KeyState | 'destroyed';
  readonly description: string;
  readonly isDefault: boolean;
  readonly createdAtMs: number;
  readonly deletionAtMs?: number;
  /** The key itself, and the id of the key file that opens it. */
  readonly sealed?: { readonly bytes: Uint8Array; readonly by: string };
}

export class KeyTable {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#db.selectFrom('keys').select('id').limit(1).executeTakeFirst()) === undefined;
  }

  async find(id: string): Promise<StoredKey | undefined> {
    const row = await this.#db.selectFrom('keys').selectAll().where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  }

  async findDefault(): Promise<StoredKey | undefined> {
    const row = await this.#db.selectFrom('keys').selectAll().where('is_default', '=', 1).executeTakeFirst();
    return row && fromRow(row);
  }

  /** False when there is one of its id, or another default, and nothing was written. */
  async insert(key: StoredKey): Promise<boolean> {
    return await changeState(this.#db, 'key-insert', async (trx) => {
      const { numInsertedOrUpdatedRows } = await trx
        .insertInto('keys')
        .values(toRow(key))
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    });
  }

  /** Keys of the account that are not destroyed, in the order of their ids, from behind `after`. */
  async list(after: string, limit: number): Promise<readonly StoredKey[]> {
    const rows = await this.#db
      .selectFrom('keys')
      .selectAll()
      .where('kind', '=', 'account')
      .where('state', '!=', 'destroyed')
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map(fromRow);
  }

  /** False when the account has no such key in one of the states `from`, and nothing was written. */
  async change(
    id: string,
    from: readonly KeyState[],
    { state, deletionAtMs }: { readonly state: KeyState; readonly deletionAtMs?: number },
  ): Promise<boolean> {
    return await changeState(this.#db, 'key-change', async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('keys')
        .set({ state, deletion_at: deletionAtMs ?? null })
        .where('id', '=', id)
        .where('kind', '=', 'account')
        .where('state', 'in', from)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    });
  }

  /** Takes its material, and being the default, from each key whose deletion was due by then. The ids of them. */
  async destroyDue(nowMs: number): Promise<readonly string[]> {
    const rows = await this.#db
      .updateTable('keys')
      .set({ state: 'destroyed', sealed: null, sealed_by: null, is_default: 0 })
      .where('state', '=', 'pendingDeletion')
      .where('deletion_at', '<=', nowMs)
      .returning('id')
      .execute();
    // They are destroyed already. What the log still tells of them goes at the latest when the database is closed.
    if (rows.length > 0) await emptyLog(this.#db).catch(() => undefined);
    return rows.map(({ id }) => id);
  }
}

function toRow(key: StoredKey): KeyRow {
  return {
    id: key.id,
    kind: key.kind,
    spec: key.spec,
    state: key.state,
    description: key.description,
    is_default: key.isDefault ? 1 : 0,
    created_at: key.createdAtMs,
    deletion_at: key.deletionAtMs ?? null,
    sealed: key.sealed?.bytes ?? null,
    sealed_by: key.sealed?.by ?? null,
  };
}

function fromRow(row: KeyRow): StoredKey {
  return {
    id: row.id,
    kind: row.kind,
    spec: row.spec,
    state: row.state,
    description: row.description,
    isDefault: row.is_default === 1,
    createdAtMs: row.created_at,
    ...(row.deletion_at !== null && { deletionAtMs: row.deletion_at }),
    ...(row.sealed !== null && { sealed: { bytes: row.sealed, by: row.sealed_by ?? '' } }),
  };
}
