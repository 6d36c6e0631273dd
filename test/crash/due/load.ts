/** A load of due times on a server until it is killed: one client moves the clock, others steer rules in mid-run. */

import { setTimeout as delay } from 'node:timers/promises';
import { type ServerClient, ServerError } from '../../../src/cli/server-client.ts';
import type { MovedClock } from '../../../src/core/clock-view.ts';
import type { RunView } from '../../../src/core/run.ts';
import { connect } from '../change.ts';
import { SOURCE } from '../names.ts';
import { dueRuleDocument, STEERED_RULES } from './rules.ts';
import { clockOf, type DueWorld, putDueRule } from './world.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const STEERERS = 3;
const MAX_PAUSE_MS = 60;

type Action = (world: DueWorld, client: ServerClient) => Promise<void>;

const ACTIONS: readonly Action[] = [start, cancel, switchRule, replaceRule, setOptions, deleteAndPut, passWebhook];

/** Resolves when `signal` is aborted and no answer is to come any more. Gives how many requests were answered. */
export async function runDueLoad(world: DueWorld, endpoint: string, signal: AbortSignal): Promise<number> {
  const client = connect(endpoint);
  let answered = 0;
  const repeat = async (action: () => Action) => {
    while (!signal.aborted) {
      try {
        await action()(world, client);
        answered++;
      } catch (error) {
        if (error instanceof ServerError) world.problems.push(`a request was refused: ${error.message}`);
        // The server is gone, or is about to be: a connection that breaks says no more.
        else await delay(MAX_PAUSE_MS);
      }
    }
  };
  const steerers = Array.from({ length: STEERERS }, () =>
    repeat(() => async (...parts) => {
      await world.random.pick(ACTIONS)(...parts);
      await delay(world.random.between(0, MAX_PAUSE_MS));
    }),
  );
  await Promise.all([repeat(() => moveClock), ...steerers]);
  await client.close();
  return answered;
}

/** A day on through every due time, or over some days at once, or back a little. */
async function moveClock(world: DueWorld, client: ServerClient): Promise<void> {
  const { random } = world;
  const nowMs = await clockOf(client);
  // Never to before the rules were put: that would move the day on which their schedules were set.
  const backMs = Math.max(Math.max(...world.anchors.values()), nowMs - random.between(1, 30) * HOUR_MS);
  if (random.isOneIn(5)) await moveTo(world, client, backMs, true);
  else if (random.isOneIn(6)) await moveTo(world, client, nowMs + random.between(2, 6) * DAY_MS, true);
  else await moveTo(world, client, nowMs + DAY_MS, false);
}

/** Asks once: what is not reached by then the next move goes on with. */
async function moveTo(world: DueWorld, client: ServerClient, toMs: number, jump: boolean): Promise<void> {
  world.latestMs = Math.max(world.latestMs, toMs);
  const body = JSON.stringify({ now: new Date(toMs).toISOString(), jump });
  await client.sendForAdmin<MovedClock>({ method: 'PUT', path: 'clock', body });
}

async function start({ random }: DueWorld, client: ServerClient): Promise<void> {
  await unlessRefused(steer(client, 'POST', random.pick(STEERED_RULES), { run: undefined }));
}

async function cancel({ random }: DueWorld, client: ServerClient): Promise<void> {
  const rule = random.pick(STEERED_RULES);
  const query = { inventory: undefined, inventoryId: rule, runs: undefined, 'max-keys': '1' };
  const page = await unlessRefused(client.sendForJson<{ runs: RunView[] }>({ method: 'GET', bucket: SOURCE, query }));
  const run = page?.runs[0];
  if (run !== undefined) await unlessRefused(steer(client, 'POST', rule, { run: run.id, cancel: undefined }));
}

async function switchRule({ random }: DueWorld, client: ServerClient): Promise<void> {
  const rule = random.pick(STEERED_RULES);
  await unlessRefused(steer(client, 'POST', rule, { [random.isOneIn(2) ? 'enable' : 'disable']: undefined }));
}

async function replaceRule({ random }: DueWorld, client: ServerClient): Promise<void> {
  const rule = random.pick(STEERED_RULES);
  const frequency = random.isOneIn(2) ? 'Daily' : 'Weekly';
  await putDueRule(client, rule, dueRuleDocument(rule, { frequency }, !random.isOneIn(4)));
}

async function setOptions({ random }: DueWorld, client: ServerClient): Promise<void> {
  const options = { latest: random.isOneIn(2), retention: { keepReports: random.between(1, 5) } };
  const body = JSON.stringify(options);
  await unlessRefused(steer(client, 'PUT', random.pick(STEERED_RULES), { options: undefined }, body));
}

async function deleteAndPut({ random }: DueWorld, client: ServerClient): Promise<void> {
  const rule = random.pick(STEERED_RULES);
  await client.sendForNothing({ method: 'DELETE', bucket: SOURCE, query: { inventory: undefined, inventoryId: rule } });
  await putDueRule(client, rule, dueRuleDocument(rule, { frequency: 'Daily' }));
}

/** A webhook comes, is changed, and goes, with whatever it was still to be told. */
async function passWebhook({ receiver }: DueWorld, client: ServerClient): Promise<void> {
  const settings = { url: receiver.url, rule: 'steered-0' };
  const body = JSON.stringify(settings);
  const { id } = await client.sendForAdmin<{ id: string }>({ method: 'POST', path: 'webhooks', body });
  const path = `webhooks/${id}`;
  await client.sendForAdmin({ method: 'PUT', path, body: JSON.stringify({ ...settings, events: ['run.failed'] }) });
  await client.sendForAdmin({ method: 'POST', path: `${path}/test`, body: '{}' });
  await client.sendForAdmin({ method: 'DELETE', path });
}

async function steer(
  client: ServerClient,
  method: 'POST' | 'PUT',
  rule: string,
  more: Readonly<Record<string, string | undefined>>,
  body?: string,
): Promise<void> {
  const query = { inventory: undefined, inventoryId: rule, ...more };
  await client.sendForNothing({ method, bucket: SOURCE, query, ...(body !== undefined && { body }) });
}

/** What others have done to the rule meanwhile: it is gone, disabled, or has another run. */
export async function unlessRefused<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ServerError && (error.status === 404 || error.status === 409)) return undefined;
    throw error;
  }
}
