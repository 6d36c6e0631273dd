/** The deliveries of webhooks in SQL: what is due, what became of each try, and the log that people look at. */

import type { ExpressionBuilder, Kysely } from 'kysely';
import type { EntityPage } from '../core/access-entities.ts';
import type { Clock } from '../core/clock.ts';
import { DomainError } from '../core/errors.ts';
import { noSuchWebhook } from '../core/webhook.ts';
import {
  type Busy,
  type DeliveryDetails,
  type DeliveryEvent,
  type DeliveryView,
  type DueDelivery,
  noSuchDelivery,
  TEST_EVENT,
  type TryOutcome,
  type WebhookPayload,
} from '../core/webhook-delivery.ts';
import { changeState } from './change-state.ts';
import { type NewDeliveryRow, newDelivery, pruneEnded, queueDeliveries } from './delivery-rows.ts';
import type { Schema } from './schema.ts';
import { disableWebhook, recordOf } from './webhook-table.ts';

export class DeliveryLog {
  readonly #db: Kysely<Schema>;
  readonly #clock: Clock;
  readonly #maxWaitMs: number;

  /** `maxWaitMs`: no try is put off longer; one that seems to be was put off by a clock that has been set back since. */
  constructor(db: Kysely<Schema>, clock: Clock, { maxWaitMs }: { readonly maxWaitMs: number }) {
    this.#db = db;
    this.#clock = clock;
    this.#maxWaitMs = maxWaitMs;
  }

  /**
   * Of each of up to `limit` webhooks the delivery that has been due the longest. Which webhooks is left to chance, so
   * that none waits behind the backlogs of others. An account that is disabled is sent nothing until it is enabled.
   */
  async due(limit: number, busy: Busy): Promise<DueDelivery[]> {
    const nowMs = this.#clock.now();
    const heads = await this.#db
      .selectFrom('webhooks')
      .innerJoin('accounts', 'accounts.id', 'webhooks.account_id')
      // Each is found by index: a look must not read all that waits.
      .innerJoin('deliveries', (join) =>
        join.on('deliveries.sequence', '=', (is) =>
          is.fn.coalesce(firstDue(is, '<=', nowMs), firstDue(is, '>', nowMs + this.#maxWaitMs)),
        ),
      )
      .select('deliveries.sequence')
      .where('accounts.state', '=', 'enabled')
      .$if(busy.webhooks.length > 0, (query) => query.where('webhooks.id', 'not in', busy.webhooks))
      .$if(busy.accounts.length > 0, (query) => query.where('webhooks.account_id', 'not in', busy.accounts))
      .orderBy((order) => order.fn('random'))
      .limit(limit)
      .execute();
    const found: DueDelivery[] = [];
    for (const { sequence } of heads) {
      const row = await this.#db
        .selectFrom('deliveries')
        .selectAll()
        .where('sequence', '=', sequence)
        .executeTakeFirst();
      const webhook =
        row && (await this.#db.selectFrom('webhooks').selectAll().where('id', '=', row.webhook_id).executeTakeFirst());
      if (row === undefined || webhook === undefined) continue;
      const { id, payload, tries } = row;
      found.push({ id, event: row.event as DeliveryEvent, payload, tries, webhook: recordOf(webhook) });
    }
    return found;
  }

  /** When something falls due that is not due yet, of whichever webhook; undefined when nothing does. */
  async nextDueAtMs(): Promise<number | undefined> {
    const row = await this.#db
      .selectFrom('deliveries')
      .select((select) => select.fn.min('next_at').as('nextAt'))
      .where('state', '=', 'pending')
      .where('next_at', '>', this.#clock.now())
      .executeTakeFirst();
    return row?.nextAt ?? undefined;
  }

  /** Writes down what a try came to. A delivery that was given up or deleted meanwhile stays as it is. */
  async settle(id: string, outcome: TryOutcome): Promise<void> {
    const nowMs = this.#clock.now();
    await changeState(this.#db, 'delivery-settle', async (trx) => {
      const isLater = outcome.kind === 'later';
      const state = isLater ? 'pending' : outcome.kind === 'delivered' ? 'delivered' : 'failed';
      const row = await trx
        .updateTable('deliveries')
        .set((update) => ({
          state,
          tries: update('tries', '+', 1),
          next_at: isLater ? outcome.nextAtMs : null,
          last_status: outcome.status,
          last_fault: outcome.fault,
          ended_at: isLater ? null : nowMs,
        }))
        .where('id', '=', id)
        .where('state', '=', 'pending')
        .returning('webhook_id')
        .executeTakeFirst();
      if (row === undefined || isLater) return;
      if (outcome.kind === 'gone') await disableWebhook(trx, row.webhook_id, nowMs);
      else await pruneEnded(trx, [row.webhook_id]);
    });
  }

  /** The log of a webhook, newest first; `after` is the id of the last delivery of the page before, or empty. */
  async page(webhookId: string, after: string, limit: number): Promise<EntityPage<DeliveryView>> {
    let query = this.#db.selectFrom('deliveries').selectAll().where('webhook_id', '=', webhookId);
    if (after !== '') {
      query = query.where('sequence', '<', (select) =>
        select.selectFrom('deliveries').select('sequence').where('id', '=', after),
      );
    }
    const rows = await query
      .orderBy('sequence', 'desc')
      .limit(limit + 1)
      .execute();
    const items = rows.slice(0, limit).map(viewOf);
    return { items, nextAfter: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  /** One delivery with what it sends. Throws `NoSuchDelivery`. */
  async get(webhookId: string, id: string): Promise<DeliveryDetails> {
    const query = this.#db.selectFrom('deliveries').selectAll();
    const row = await query.where('webhook_id', '=', webhookId).where('id', '=', id).executeTakeFirst();
    if (row === undefined) throw noSuchDelivery(webhookId, id);
    return { ...viewOf(row), payload: JSON.parse(row.payload) };
  }

  /** Makes a delivery that tries the webhook. Throws `NoSuchWebhook` or `WebhookDisabled`. */
  async insertTest(account: string, webhookId: string): Promise<DeliveryView> {
    const nowMs = this.#clock.now();
    return await changeState(this.#db, 'delivery-put', async (trx) => {
      await assertEnabled(trx, account, webhookId);
      const data = { account, webhook: webhookId };
      const payload: WebhookPayload = { type: TEST_EVENT, timestamp: iso(nowMs), data };
      const row = newDelivery({ webhookId, runId: null, event: TEST_EVENT, payload, nowMs });
      await queueDeliveries(trx, [row]);
      return viewOf(row);
    });
  }

  /** Sends a delivery again, at once and with all its tries. Throws `NoSuchDelivery` besides what `insertTest` throws. */
  async retry(account: string, webhookId: string, id: string): Promise<DeliveryView> {
    return await changeState(this.#db, 'delivery-put', async (trx) => {
      await assertEnabled(trx, account, webhookId);
      const row = await trx
        .updateTable('deliveries')
        .set({ state: 'pending', tries: 0, next_at: 0, ended_at: null })
        .where('webhook_id', '=', webhookId)
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) throw noSuchDelivery(webhookId, id);
      return viewOf(row);
    });
  }
}

/** The first delivery of a webhook that waits for a time so far from `ms`. */
function firstDue({ selectFrom }: ExpressionBuilder<Schema, 'webhooks'>, side: '<=' | '>', ms: number) {
  return selectFrom('deliveries as waiting')
    .select('waiting.sequence')
    .whereRef('waiting.webhook_id', '=', 'webhooks.id')
    .where('waiting.state', '=', 'pending')
    .where('waiting.next_at', side, ms)
    .orderBy('waiting.next_at')
    .orderBy('waiting.sequence')
    .limit(1);
}

async function assertEnabled(trx: Kysely<Schema>, account: string, id: string): Promise<void> {
  const query = trx.selectFrom('webhooks').select('state');
  const row = await query.where('account_id', '=', account).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw noSuchWebhook(account, id);
  if (row.state === 'enabled') return;
  throw new DomainError('WebhookDisabled', `The webhook ${id} is disabled. Enable it, then send.`);
}

function viewOf(row: NewDeliveryRow): DeliveryView {
  return {
    id: row.id,
    webhook: row.webhook_id,
    run: row.run_id,
    event: row.event as DeliveryEvent,
    state: row.state,
    tries: row.tries,
    // At once is since it was made.
    nextAt: row.next_at === null ? null : iso(Math.max(row.next_at, row.created_at)),
    lastStatus: row.last_status,
    lastFault: row.last_fault,
    createdAt: iso(row.created_at),
    endedAt: row.ended_at === null ? null : iso(row.ended_at),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
