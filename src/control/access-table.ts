/** Accounts, users, access keys, roles and policies in SQL: read whole, and changed in one transaction at a time. */

import type { Kysely, Transaction } from 'kysely';
import type { AccessKeyRecord, AccessRecord, AccessWrite, RemovableRecord } from '../core/access-record.ts';
import {
  accessKeyFromRow,
  accessKeyRow,
  accountFromRow,
  accountRow,
  attachmentFromRow,
  attachmentRow,
  policyFromRow,
  policyRow,
  roleFromRow,
  roleRow,
  userFromRow,
  userRow,
} from './access-rows.ts';
import { changeState } from './change-state.ts';
import type { Schema } from './schema.ts';
import { removeWebhooksOf } from './webhook-table.ts';

export class AccessTable {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** Whether a secret lies here that a key file opens. */
  async hasSecrets(): Promise<boolean> {
    return (await this.#db.selectFrom('access_keys').select('id').limit(1).executeTakeFirst()) !== undefined;
  }

  async accessKeys(): Promise<readonly AccessKeyRecord[]> {
    return (await this.#db.selectFrom('access_keys').selectAll().execute()).map(accessKeyFromRow);
  }

  /** All that is kept, as it is at one instant; a record comes after those that it belongs to. */
  async load(): Promise<readonly AccessRecord[]> {
    return await this.#db
      .transaction()
      .execute(async (trx) => [
        ...(await trx.selectFrom('accounts').selectAll().execute()).map(accountFromRow),
        ...(await trx.selectFrom('users').selectAll().execute()).map(userFromRow),
        ...(await trx.selectFrom('access_keys').selectAll().execute()).map(accessKeyFromRow),
        ...(await trx.selectFrom('roles').selectAll().execute()).map(roleFromRow),
        ...(await trx.selectFrom('policies').selectAll().execute()).map(policyFromRow),
        ...(await trx.selectFrom('attachments').selectAll().execute()).map(attachmentFromRow),
      ]);
  }

  /** Makes all of these writes, in their order, or, when it rejects, none. They are durable when it resolves. */
  async write(writes: readonly AccessWrite[]): Promise<void> {
    await changeState(this.#db, 'access-change', async (trx) => {
      for (const write of writes) {
        if (write.act === 'put') await put(trx, write.record);
        else await remove(trx, write.record);
      }
    });
  }
}

async function put(trx: Transaction<Schema>, record: AccessRecord): Promise<void> {
  switch (record.kind) {
    case 'account': {
      const row = accountRow(record);
      const query = trx.insertInto('accounts').values(row);
      await query.onConflict((same) => same.column('id').doUpdateSet(row)).execute();
      if (record.state === 'deleted') await removeWebhooksOf(trx, record.id);
      return;
    }
    case 'user': {
      const row = userRow(record);
      const query = trx.insertInto('users').values(row);
      await query.onConflict((same) => same.column('id').doUpdateSet(row)).execute();
      return;
    }
    case 'accessKey': {
      const row = accessKeyRow(record);
      const query = trx.insertInto('access_keys').values(row);
      await query.onConflict((same) => same.column('id').doUpdateSet(row)).execute();
      return;
    }
    case 'role': {
      const row = roleRow(record);
      const query = trx.insertInto('roles').values(row);
      await query.onConflict((same) => same.column('id').doUpdateSet(row)).execute();
      return;
    }
    case 'policy': {
      const row = policyRow(record);
      const query = trx.insertInto('policies').values(row);
      await query.onConflict((same) => same.columns(['account_id', 'name']).doUpdateSet(row)).execute();
      return;
    }
    case 'attachment': {
      const query = trx.insertInto('attachments').values(attachmentRow(record));
      await query.onConflict((same) => same.columns(['holder_id', 'policy']).doNothing()).execute();
    }
  }
}

async function remove(trx: Transaction<Schema>, record: RemovableRecord): Promise<void> {
  switch (record.kind) {
    case 'user':
      await trx.deleteFrom('users').where('id', '=', record.id).execute();
      return;
    case 'accessKey':
      await trx.deleteFrom('access_keys').where('id', '=', record.id).execute();
      return;
    case 'role':
      await trx.deleteFrom('roles').where('id', '=', record.id).execute();
      return;
    case 'policy': {
      const { accountId, name } = record;
      await trx.deleteFrom('policies').where('account_id', '=', accountId).where('name', '=', name).execute();
      return;
    }
    case 'attachment': {
      const { holderId, policy } = record;
      await trx.deleteFrom('attachments').where('holder_id', '=', holderId).where('policy', '=', policy).execute();
    }
  }
}
