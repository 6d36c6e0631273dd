/**
 * The outbox: what webhooks are told is written in the transaction that ends the run, so that no end goes untold and
 * none is told that did not happen. It is sent afterwards, until it arrives (src/webhooks/).
 */

import { randomBytes } from 'node:crypto';
import type { ExpressionBuilder, Kysely, Selectable } from 'kysely';
import type { Rule } from '../core/rule.ts';
import { WEBHOOK_LIMITS, type WebhookEvent } from '../core/webhook.ts';
import type { DeliveryEvent, DeliveryState, WebhookPayload } from '../core/webhook-delivery.ts';
import { viewRun } from './run-views.ts';
import type { DeliveryRow, Schema } from './schema.ts';

export const WEBHOOK_IS_DISABLED = 'The webhook was disabled before this arrived.';

const GIVEN_UP = `More than ${WEBHOOK_LIMITS.pendingDeliveries} deliveries of the webhook waited, and this was the oldest of them.`;

/** Tells each webhook that wants to know that the run has ended so. For the transaction that ends it. */
export async function insertDeliveries(
  trx: Kysely<Schema>,
  runId: string,
  event: WebhookEvent,
  nowMs: number,
): Promise<void> {
  const run = await trx.selectFrom('runs').selectAll().where('id', '=', runId).executeTakeFirstOrThrow();
  // The owner of the destination, which is that of the source too: no rule is accepted else.
  const { accountId } = (JSON.parse(run.rule) as Rule).destination;
  const rows = await trx
    .selectFrom('webhooks')
    .select(['id', 'events'])
    .where('account_id', '=', accountId)
    .where('state', '=', 'enabled')
    .where((is) => is.or([is('bucket', 'is', null), is('bucket', '=', run.bucket)]))
    .where((is) => is.or([is('rule_id', 'is', null), is('rule_id', '=', run.rule_id)]))
    .execute();
  const told = rows.filter(({ events }) => (JSON.parse(events) as string[]).includes(event));
  if (told.length === 0) return;
  // Each text in it is bounded, so that the payload is.
  const view = await viewRun(trx, { bucketId: run.bucket_id, ruleId: run.rule_id }, runId);
  const payload: WebhookPayload = {
    type: event,
    timestamp: new Date(nowMs).toISOString(),
    data: { account: accountId, run: view },
  };
  await queueDeliveries(
    trx,
    told.map(({ id }) => newDelivery({ webhookId: id, runId, event, payload, nowMs })),
  );
}

export interface NewDelivery {
  readonly webhookId: string;
  readonly runId: string | null;
  readonly event: DeliveryEvent;
  readonly payload: WebhookPayload;
  readonly nowMs: number;
}

export type NewDeliveryRow = Omit<Selectable<DeliveryRow>, 'sequence'>;

/** A delivery that is due at once, whatever the clock of the runs shows. */
export function newDelivery({ webhookId, runId, event, payload, nowMs }: NewDelivery): NewDeliveryRow {
  return {
    id: `msg-${randomBytes(12).toString('hex')}`,
    webhook_id: webhookId,
    run_id: runId,
    event,
    payload: JSON.stringify(payload),
    state: 'pending',
    tries: 0,
    next_at: 0,
    last_status: null,
    last_fault: null,
    created_at: nowMs,
    ended_at: null,
  };
}

/**
 * Puts deliveries into the queues of their webhooks, whose oldest give way when there are too many. However many webhooks
 * are told, that is three statements: others wait for the transaction.
 */
export async function queueDeliveries(trx: Kysely<Schema>, rows: readonly NewDeliveryRow[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const webhookIds = rows.map((row) => row.webhook_id);
  await trx.insertInto('deliveries').values(rows).execute();
  const { numUpdatedRows } = await trx
    .updateTable('deliveries')
    .set({ state: 'failed', next_at: null, last_fault: GIVEN_UP, ended_at: first.created_at })
    .where('sequence', 'in', (query) => oldest(query, webhookIds, PENDING, WEBHOOK_LIMITS.pendingDeliveries))
    .executeTakeFirst();
  if (numUpdatedRows > 0n) await pruneEnded(trx, webhookIds);
}

/** Gives up all that waits to be sent to a webhook. */
export async function failPending(trx: Kysely<Schema>, webhookId: string, fault: string, nowMs: number): Promise<void> {
  await trx
    .updateTable('deliveries')
    .set({ state: 'failed', next_at: null, last_fault: fault, ended_at: nowMs })
    .where('webhook_id', '=', webhookId)
    .where('state', 'in', PENDING)
    .execute();
  await pruneEnded(trx, [webhookId]);
}

/** Forgets the oldest deliveries of webhooks that are over, beyond those that their logs keep. */
export async function pruneEnded(trx: Kysely<Schema>, webhookIds: readonly string[]): Promise<void> {
  await trx
    .deleteFrom('deliveries')
    .where('sequence', 'in', (query) => oldest(query, webhookIds, ENDED, WEBHOOK_LIMITS.endedDeliveries))
    .execute();
}

const PENDING = ['pending'] as const;
const ENDED = ['delivered', 'failed'] as const;

/** Of each webhook the deliveries in these states but for so many of the newest. */
function oldest(
  { selectFrom }: ExpressionBuilder<Schema, 'deliveries'>,
  webhookIds: readonly string[],
  states: readonly DeliveryState[],
  kept: number,
) {
  return selectFrom('webhooks')
    .innerJoin('deliveries as old', (join) =>
      join
        .onRef('old.webhook_id', '=', 'webhooks.id')
        .on('old.state', 'in', states)
        .on('old.sequence', '<=', (is) =>
          is
            .selectFrom('deliveries as newer')
            .select('newer.sequence')
            .whereRef('newer.webhook_id', '=', 'webhooks.id')
            .where('newer.state', 'in', states)
            .orderBy('newer.sequence', 'desc')
            .limit(1)
            .offset(kept),
        ),
    )
    .select('old.sequence')
    .where('webhooks.id', 'in', webhookIds);
}
