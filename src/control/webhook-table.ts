/** Webhooks in SQL. One that is disabled or deleted leaves nothing behind that waits to be sent. */

import type { Insertable, Kysely, Selectable, Updateable } from 'kysely';
import type { EntityState } from '../core/access-entities.ts';
import { DomainError } from '../core/errors.ts';
import { WEBHOOK_LIMITS, type WebhookEvent, type WebhookRecord } from '../core/webhook.ts';
import { changeState } from './change-state.ts';
import { failPending, WEBHOOK_IS_DISABLED } from './delivery-rows.ts';
import type { Schema, WebhookRow } from './schema.ts';

export class WebhookTable {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** Whether a secret lies here that a key file opens. */
  async hasSecrets(): Promise<boolean> {
    return (await this.#db.selectFrom('webhooks').select('id').limit(1).executeTakeFirst()) !== undefined;
  }

  /** All webhooks of all accounts. */
  async all(): Promise<readonly WebhookRecord[]> {
    return (await this.#db.selectFrom('webhooks').selectAll().execute()).map(recordOf);
  }

  /** Throws `NoSuchAccount`, and `EntityLimitReached` when the account has as many as it may. */
  async insert(record: WebhookRecord): Promise<void> {
    await changeState(this.#db, 'webhook-put', async (trx) => {
      const { accountId } = record;
      const account = await trx.selectFrom('accounts').select('state').where('id', '=', accountId).executeTakeFirst();
      if (account === undefined || account.state === 'deleted') {
        throw new DomainError('NoSuchAccount', `There is no account "${accountId}".`);
      }
      const { count } = await trx
        .selectFrom('webhooks')
        .select((select) => select.fn.countAll<number>().as('count'))
        .where('account_id', '=', accountId)
        .executeTakeFirstOrThrow();
      if (Number(count) >= WEBHOOK_LIMITS.webhooksPerAccount) {
        const text = `Webhooks of the account ${accountId}: ${count} of at most ${WEBHOOK_LIMITS.webhooksPerAccount} are there. Delete one first.`;
        throw new DomainError('EntityLimitReached', text);
      }
      await trx.insertInto('webhooks').values(rowOf(record)).execute();
    });
  }

  async find(account: string, id: string): Promise<WebhookRecord | undefined> {
    const query = this.#db.selectFrom('webhooks').selectAll();
    const row = await query.where('account_id', '=', account).where('id', '=', id).executeTakeFirst();
    return row && recordOf(row);
  }

  /** Webhooks of an account behind `after`, in the order of their ids. */
  async list(account: string, after: string, limit: number): Promise<readonly WebhookRecord[]> {
    const query = this.#db.selectFrom('webhooks').selectAll().where('account_id', '=', account);
    return (await query.where('id', '>', after).orderBy('id').limit(limit).execute()).map(recordOf);
  }

  /** Writes what `change` makes of the webhook as it is now; undefined when there is none. */
  async change(
    account: string,
    id: string,
    change: (record: WebhookRecord) => WebhookRecord,
  ): Promise<WebhookRecord | undefined> {
    return await changeState(this.#db, 'webhook-change', async (trx) => {
      const query = trx.selectFrom('webhooks').selectAll();
      const row = await query.where('account_id', '=', account).where('id', '=', id).executeTakeFirst();
      if (row === undefined) return undefined;
      const next = change(recordOf(row));
      await trx.updateTable('webhooks').set(rowOf(next)).where('id', '=', id).execute();
      if (next.state === 'disabled') await failPending(trx, id, WEBHOOK_IS_DISABLED, next.updatedAtMs);
      return next;
    });
  }

  /** Deletes the webhook and its log; false when there is none. */
  async remove(account: string, id: string): Promise<boolean> {
    return await changeState(this.#db, 'webhook-delete', async (trx) => {
      const query = trx.selectFrom('webhooks').select('id');
      const row = await query.where('account_id', '=', account).where('id', '=', id).executeTakeFirst();
      if (row === undefined) return false;
      await removeWebhooks(trx, [id]);
      return true;
    });
  }
}

/** What goes with an account that is deleted. */
export async function removeWebhooksOf(trx: Kysely<Schema>, account: string): Promise<void> {
  const rows = await trx.selectFrom('webhooks').select('id').where('account_id', '=', account).execute();
  await removeWebhooks(
    trx,
    rows.map(({ id }) => id),
  );
}

/** A receiver that says it is gone is told nothing more, until a person enables its webhook again. */
export async function disableWebhook(trx: Kysely<Schema>, id: string, nowMs: number): Promise<void> {
  const changes: Updateable<WebhookRow> = { state: 'disabled' satisfies EntityState, updated_at: nowMs };
  await trx.updateTable('webhooks').set(changes).where('id', '=', id).execute();
  await failPending(trx, id, WEBHOOK_IS_DISABLED, nowMs);
}

async function removeWebhooks(trx: Kysely<Schema>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await trx.deleteFrom('deliveries').where('webhook_id', 'in', ids).execute();
  await trx.deleteFrom('webhooks').where('id', 'in', ids).execute();
}

function rowOf(record: WebhookRecord): Insertable<WebhookRow> {
  const { secret, previous } = record;
  return {
    id: record.id,
    account_id: record.accountId,
    url: record.url,
    bucket: record.bucket,
    rule_id: record.rule,
    events: JSON.stringify(record.events),
    description: record.description,
    state: record.state,
    sealed: secret.bytes,
    sealed_by: secret.by,
    previous_sealed: previous?.secret.bytes ?? null,
    previous_sealed_by: previous?.secret.by ?? null,
    previous_until: previous?.untilMs ?? null,
    created_at: record.createdAtMs,
    updated_at: record.updatedAtMs,
  };
}

export function recordOf(row: Selectable<WebhookRow>): WebhookRecord {
  const { previous_sealed: bytes, previous_sealed_by: by, previous_until: untilMs } = row;
  return {
    id: row.id,
    accountId: row.account_id,
    url: row.url,
    bucket: row.bucket,
    rule: row.rule_id,
    events: eventsOf(row),
    description: row.description,
    state: row.state,
    secret: { bytes: row.sealed, by: row.sealed_by },
    previous: bytes === null || by === null || untilMs === null ? null : { secret: { bytes, by }, untilMs },
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  };
}

function eventsOf({ events }: Pick<WebhookRow, 'events'>): readonly WebhookEvent[] {
  return JSON.parse(events) as WebhookEvent[];
}
