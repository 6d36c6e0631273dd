/**
 * Holds a server that was started again against its promises about due times: each has its one row, with a report or a
 * reason; every report that a run names is whole, and nothing else lies in the destination; retention keeps what it is to
 * keep; `latest.json` never goes back; and every end is told, or is still to be.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { checkReport } from '../../../src/cli/check-report.ts';
import { openReportSource } from '../../../src/cli/report-source.ts';
import type { ServerClient } from '../../../src/cli/server-client.ts';
import type { EntityPage } from '../../../src/core/access-entities.ts';
import type { MovedClock } from '../../../src/core/clock-view.ts';
import { parseLatest } from '../../../src/core/latest-report.ts';
import { latestKey, manifestFileKeys } from '../../../src/core/report.ts';
import { isOpen, type RunView } from '../../../src/core/run.ts';
import type { WebhookView } from '../../../src/core/webhook.ts';
import { dueTimesByHand } from '../../due-times.ts';
import { connect } from '../change.ts';
import { readDelivered, strayProblems } from '../check-reports.ts';
import { listKeys } from '../listings.ts';
import { DESTINATION, SOURCE } from '../names.ts';
import { unlessRefused } from './load.ts';
import { DESTINATION_PREFIX, DUE_RULES, type DueRule, STEERED_RULES } from './rules.ts';
import { clockOf, type DueWorld, RUNS_PER_RULE } from './world.ts';

const SCHEDULE = { time: '00:00', zone: 'Asia/Shanghai' };
/** Of the newest due times so many must have their rows: history holds more runs, others than these among them. */
const ROWS_EXPECTED = RUNS_PER_RULE - 10;
const MAX_SETTLE_MS = 60_000;
const MAX_TELL_MS = 120_000;
const POLL_MS = 100;

/** The reasons of a due time that passed without a run. */
const MISSED = new Set(['DueTimeMissed', 'DueTimeOverrun']);

/** Everything of one round; returns how many reports were read. */
export async function checkDue(world: DueWorld, endpoint: string): Promise<number> {
  const client = connect(endpoint);
  try {
    const nowMs = await settle(world, client);
    const runs: RunView[] = [];
    for (const rule of DUE_RULES) {
      const own = await runsOf(client, rule.id);
      checkDueTimes(world, rule, own, nowMs);
      runs.push(...own);
    }
    for (const rule of STEERED_RULES) {
      const own = await runsOf(client, rule);
      checkSteered(world, own);
      runs.push(...own);
    }
    await removeLeftWebhooks(client);
    for (const { id, state } of runs) if (state !== 'cancelled') world.ends.add(id);
    return await checkDestination(world, client, { endpoint, runs });
  } finally {
    await client.close();
  }
}

/** Lets all that is due come to its end; returns the time that the server shows. */
async function settle(world: DueWorld, client: ServerClient): Promise<number> {
  const nowMs = await clockOf(client);
  world.latestMs = Math.max(world.latestMs, nowMs);
  const body = JSON.stringify({ now: new Date(nowMs).toISOString() });
  const deadline = Date.now() + MAX_SETTLE_MS;
  while (Date.now() < deadline) {
    const { isReached } = await client.sendForAdmin<MovedClock>({ method: 'PUT', path: 'clock', body });
    if (isReached) return nowMs;
  }
  world.problems.push(`runs were still open ${MAX_SETTLE_MS} ms after a start`);
  return nowMs;
}

/** None of a rule whose deletion was the last that a server did, once its history is over too. */
async function runsOf(client: ServerClient, rule: string): Promise<readonly RunView[]> {
  const query = { inventory: undefined, inventoryId: rule, runs: undefined, 'max-keys': '1000' };
  const page = await unlessRefused(client.sendForJson<{ runs: RunView[] }>({ method: 'GET', bucket: SOURCE, query }));
  return page?.runs ?? [];
}

/** Each due time has one row, and no other time has one; and the row says what became of it. */
function checkDueTimes(world: DueWorld, rule: DueRule, runs: readonly RunView[], nowMs: number): void {
  const { problems, anchors, latestMs } = world;
  const due = dueTimesByHand(rule.schedule, anchors.get(rule.id) ?? 0, latestMs, SCHEDULE);
  const rows = runs.filter(({ trigger }) => trigger === 'schedule');
  const times = rows.map(({ scheduledFor }) => Date.parse(scheduledFor));
  const found = new Set(times);
  if (found.size < times.length) problems.push(`a due time of "${rule.id}" has two runs`);
  const expected = due.filter((ms) => ms <= nowMs).slice(-ROWS_EXPECTED);
  for (const ms of expected) {
    if (!found.has(ms)) problems.push(`the due time ${iso(ms)} of "${rule.id}" has no run, and it is ${iso(nowMs)}`);
  }
  const known = new Set(due);
  for (const ms of times)
    if (!known.has(ms)) problems.push(`"${rule.id}" had a run for ${iso(ms)}, when it was not due`);
  for (const run of runs) {
    if (run.state === rule.ends || (run.state === 'cancelled' && MISSED.has(run.reason?.code ?? ''))) continue;
    problems.push(`the run ${run.id} of "${rule.id}", ${run.scheduledFor}, is ${told(run)}`);
  }
}

/** A rule that is steered may have been cancelled in any way, but ends, and never for a fault. */
function checkSteered({ problems }: DueWorld, runs: readonly RunView[]): void {
  for (const run of runs) {
    if (isOpen(run.state) || run.state === 'failed')
      problems.push(`the run ${run.id} of "${run.rule}" is ${told(run)}`);
    if (run.state === 'cancelled' && (run.reason?.text ?? '') === '') {
      problems.push(`the run ${run.id} of "${run.rule}" was cancelled without a reason`);
    }
  }
}

const told = ({ state, reason }: RunView): string => `${state}: ${reason?.code} ${reason?.text}`;

/** Those that the load was about to remove when the server was killed: an account has only so many. */
async function removeLeftWebhooks(client: ServerClient): Promise<void> {
  const query = { limit: '1000' };
  const { items } = await client.sendForAdmin<EntityPage<WebhookView>>({ path: 'webhooks', query });
  for (const { id, rule } of items) {
    if (rule !== null) await client.sendForAdmin({ method: 'DELETE', path: `webhooks/${id}` });
  }
}

async function checkDestination(
  world: DueWorld,
  client: ServerClient,
  { endpoint, runs }: { readonly endpoint: string; readonly runs: readonly RunView[] },
): Promise<number> {
  const { problems, reports } = world;
  const keys = new Set(await listKeys(client, DESTINATION));
  const manifests = [...keys].filter((key) => key.endsWith('/manifest.json'));
  for (const { id, manifest, removedAt } of runs) {
    if (manifest === null || keys.has(manifest) === (removedAt === null)) continue;
    problems.push(`the manifest of run ${id} is ${removedAt === null ? 'gone' : 'there, and was removed'}`);
  }
  checkRetention(world, runs);
  await checkLatest(world, client, { keys, runs });
  let read = 0;
  for (const key of manifests) {
    if (!reports.has(key)) {
      await checkWhole(world, client, { endpoint, key });
      read++;
    }
  }
  for (const key of reports.keys()) if (!keys.has(key)) reports.delete(key);
  problems.push(...(await strayProblems(client, keys, reports)));
  return read;
}

/** With nothing left to do, as many reports are there as the rule keeps, and the newest is among them. */
function checkRetention({ problems }: DueWorld, runs: readonly RunView[]): void {
  for (const { id, options } of DUE_RULES) {
    const published = runs
      .filter((run) => run.rule === id && run.state === 'published')
      .toSorted((one, other) => Date.parse(other.pointInTime ?? '') - Date.parse(one.pointInTime ?? ''));
    const present = published.filter(({ removedAt }) => removedAt === null);
    if (published.length > 0 && present.length === 0) problems.push(`no report of "${id}" is left`);
    const { keepReports } = options?.retention ?? {};
    if (keepReports !== undefined && present.length > keepReports) {
      problems.push(`"${id}" has ${present.length} reports, and keeps ${keepReports}`);
    }
  }
}

/** Of each rule that keeps one, it names a report of the latest point in time that a report of the rule ever showed. */
async function checkLatest(
  { problems }: DueWorld,
  client: ServerClient,
  { keys, runs }: { readonly keys: ReadonlySet<string>; readonly runs: readonly RunView[] },
): Promise<void> {
  for (const { id, options } of DUE_RULES) {
    const instants = runs
      .filter((run) => run.rule === id && run.state === 'published')
      .map(({ pointInTime }) => Date.parse(pointInTime ?? ''));
    if (instants.length === 0 || options?.latest === false) continue;
    const key = latestKey({ destinationPrefix: DESTINATION_PREFIX, sourceBucket: SOURCE, ruleId: id });
    const latest = keys.has(key) ? parseLatest(await readDelivered(client, key)) : undefined;
    const newestMs = Math.max(...instants);
    if (latest !== undefined && latest.pointInTimeMs >= newestMs) continue;
    const names = latest === undefined ? 'nothing' : `the report of ${iso(latest.pointInTimeMs)}`;
    problems.push(`"${key}" names ${names}, and there was one of ${iso(newestMs)}`);
  }
}

async function checkWhole(
  world: DueWorld,
  client: ServerClient,
  { endpoint, key }: { readonly endpoint: string; readonly key: string },
): Promise<void> {
  const { problems, reports, baseObjects } = world;
  const source = openReportSource(`oss://${DESTINATION}/${key}`, () => connect(endpoint));
  const check = await checkReport(source, () => undefined);
  await source.close();
  for (const { file, row, text } of check.problems) {
    problems.push(`the report "${key}": ${file}${row === undefined ? '' : `, row ${row}`}: ${text}`);
  }
  if (check.rows !== baseObjects) problems.push(`the report "${key}" has ${check.rows} rows of ${baseObjects}`);
  reports.set(key, manifestFileKeys(await readDelivered(client, key)));
}

/** At the end of all: every end that is to be told was told, sooner or later. */
export async function checkTold({ receiver, ends, problems }: DueWorld): Promise<void> {
  const deadline = Date.now() + MAX_TELL_MS;
  const untold = () => {
    const told = new Set(receiver.taken.values());
    return [...ends].filter((id) => !told.has(id));
  };
  while (untold().length > 0 && Date.now() < deadline) await delay(POLL_MS);
  for (const id of untold()) problems.push(`nobody was told of the end of run ${id}`);
}

const iso = (ms: number): string => new Date(ms).toISOString();
