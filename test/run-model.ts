/**
 * Rules, runs, shards and attempts in memory, as plainly as docs/reference/runs.md has them: what the ledger is held
 * against. It shares no code with it, and knows the machine of states by heart.
 */

import type { RunState } from '../src/core/run.ts';

/** One call of the ledger, or of the rule book. */
export type Call = RuleCall | RunCall;

export type RuleCall =
  | { readonly kind: 'put' | 'delete' | 'start'; readonly rule: string }
  /** The process ends, and another begins. */
  | { readonly kind: 'die' };

/** `run` is its place in the order of making. */
export type RunCall = PlanCall | SettleCall | NextCall | ReserveCall | PlainRunCall;

interface OfRun<Kind extends string> {
  readonly kind: Kind;
  readonly run: number;
}
export type ReserveCall = OfRun<'reserve'> & { readonly folder: string };
export type PlanCall = OfRun<'plan'> & { readonly isWhole: boolean; readonly fileKeys: readonly string[] };
export type SettleCall = OfRun<'settle'> & { readonly fileKey: string; readonly result: ShardOutcome };
export type NextCall = OfRun<'next'> & { readonly fileKey: string; readonly newKey: string };
type PlainRunCall = OfRun<PlainCall>;

export const PLAIN_CALLS = [
  ...(['scanning', 'progress', 'publishing', 'published', 'empty', 'failed'] as const),
  ...(['putOff', 'cancel', 'cancelOfOtherRule', 'swept'] as const),
];
export type PlainCall = (typeof PLAIN_CALLS)[number];

/** `astray`: with a row whose key lies outside the range. */
export type ShardOutcome = 'row' | 'nothing' | 'astray';

export interface ModelAttempt {
  readonly fileKey: string;
  state: 'open' | 'settled' | 'failed';
}

export interface ModelShard {
  outcome: ShardOutcome | null;
  /** The last one is the current one. */
  readonly attempts: ModelAttempt[];
}

export interface ModelRun {
  readonly rule: string;
  /** Which of the rules that had this name one after the other. */
  readonly generation: number;
  state: RunState;
  tries: number;
  startedAt: number | null;
  finishedAt: number | null;
  isPutOff: boolean;
  reason: string | null;
  folder: string | null;
  scanned: number;
  matched: number;
  isSwept: boolean;
  shards: readonly ModelShard[];
}

export class RunModel {
  readonly runs: ModelRun[] = [];
  /** Of each rule that is there, its generation. */
  readonly rules = new Map<string, number>();
  #generations = 0;

  /** Takes a call, or leaves everything as it is; says what the caller is told. */
  take(call: Call, nowMs: number): string {
    switch (call.kind) {
      case 'die':
        return 'done';
      case 'put':
        return this.#put(call.rule);
      case 'delete':
        return this.#delete(call.rule, nowMs);
      case 'start':
        return this.#start(call.rule);
      default:
        return this.#takeOfRun(call, nowMs);
    }
  }

  /** The next call on the straight way of a run to its end; undefined when it is there. */
  nextCall(index: number, newKey: () => string): RunCall | undefined {
    const run = this.runs[index];
    if (run?.state === 'planned') return { kind: 'scanning', run: index };
    if (run?.state === 'publishing') {
      return { kind: run.shards.some(({ outcome }) => outcome === 'row') ? 'published' : 'empty', run: index };
    }
    if (run?.state !== 'scanning') return undefined;
    if (run.shards.length === 0) return { kind: 'plan', run: index, isWhole: true, fileKeys: [newKey(), newKey()] };
    const open = run.shards.find(({ outcome }) => outcome === null)?.attempts.at(-1);
    if (open === undefined) return { kind: 'publishing', run: index };
    // Of every second run nothing matches.
    return { kind: 'settle', run: index, fileKey: open.fileKey, result: index % 2 === 0 ? 'row' : 'nothing' };
  }

  #takeOfRun(call: RunCall, nowMs: number): string {
    const run = this.runs[call.run];
    if (run === undefined) throw new Error(`there is no run ${call.run}`);
    switch (call.kind) {
      case 'reserve':
        return this.#reserve(run, call.folder);
      case 'scanning':
        return begin(run, nowMs);
      case 'plan':
        return plan(run, call);
      case 'progress':
        return progress(run);
      case 'settle':
        return settle(run, call);
      case 'next':
        return replace(run, call);
      case 'publishing':
        return publish(run);
      case 'putOff':
        return putOff(run);
      case 'cancel':
        return cancel(run, nowMs);
      case 'cancelOfOtherRule':
        return 'NoSuchRun';
      case 'swept':
        return sweep(run);
      default:
        return end(run, call.kind, nowMs);
    }
  }

  #put(rule: string): string {
    if (this.rules.has(rule)) return 'RuleExists';
    this.rules.set(rule, this.#generations++);
    return this.#start(rule);
  }

  #start(rule: string): string {
    const generation = this.rules.get(rule);
    if (generation === undefined) return 'NoSuchRule';
    if (this.runs.some((run) => run.generation === generation && run.finishedAt === null)) return 'RunUnderWay';
    this.runs.push({
      rule,
      generation,
      state: 'planned',
      tries: 0,
      startedAt: null,
      finishedAt: null,
      isPutOff: false,
      reason: null,
      folder: null,
      scanned: 0,
      matched: 0,
      isSwept: false,
      shards: [],
    });
    return 'done';
  }

  #delete(rule: string, nowMs: number): string {
    const generation = this.rules.get(rule);
    this.rules.delete(rule);
    for (const run of this.runs) {
      if (run.generation === generation && (run.state === 'planned' || run.state === 'scanning')) {
        finish(run, { state: 'cancelled', reason: 'RuleDeleted', nowMs });
      }
    }
    return 'done';
  }

  #reserve(run: ModelRun, folder: string): string {
    if (run.state !== 'scanning') return 'RunOver';
    const holder = this.runs.find((each) => each.folder === folder);
    if (holder !== undefined && holder !== run) return 'taken';
    run.folder = folder;
    return 'done';
  }
}

function begin(run: ModelRun, nowMs: number): string {
  if (run.state !== 'planned' && run.state !== 'scanning') return 'RunOver';
  run.state = 'scanning';
  run.tries++;
  run.startedAt = nowMs;
  Object.assign(run, { isPutOff: false, reason: null, scanned: 0, matched: 0, shards: [] });
  return 'done';
}

function progress(run: ModelRun): string {
  if (run.state === 'scanning') Object.assign(run, { scanned: 5, matched: 4 });
  return 'done';
}

function plan(run: ModelRun, { isWhole, fileKeys }: PlanCall): string {
  if (run.state !== 'scanning' || run.shards.length > 0) return 'RunOver';
  if (!isWhole) return 'AssertionError';
  run.shards = fileKeys.map((fileKey) => ({ outcome: null, attempts: [{ fileKey, state: 'open' }] }));
  return 'done';
}

function settle(run: ModelRun, { fileKey, result }: SettleCall): string {
  const current = currentOf(run, fileKey);
  if (current === undefined) return 'RunOver';
  current.shard.outcome = result;
  current.attempt.state = 'settled';
  return 'done';
}

function replace(run: ModelRun, { fileKey, newKey }: NextCall): string {
  const current = currentOf(run, fileKey);
  if (current === undefined) return 'RunOver';
  current.attempt.state = 'failed';
  current.shard.attempts.push({ fileKey: newKey, state: 'open' });
  return 'done';
}

/** The shard that nobody has settled yet and whose newest attempt writes this file. */
function currentOf(run: ModelRun, fileKey: string): { shard: ModelShard; attempt: ModelAttempt } | undefined {
  if (run.state !== 'scanning') return undefined;
  for (const shard of run.shards) {
    const attempt = shard.attempts.at(-1);
    if (shard.outcome === null && attempt?.fileKey === fileKey) return { shard, attempt };
  }
  return undefined;
}

function publish(run: ModelRun): string {
  if (run.state !== 'scanning') return 'RunOver';
  const outcomes = run.shards.map(({ outcome }) => outcome);
  if (outcomes.length === 0 || outcomes.includes(null) || outcomes.includes('astray')) return 'AssertionError';
  run.state = 'publishing';
  run.scanned = 2 * outcomes.length;
  run.matched = outcomes.filter((outcome) => outcome === 'row').length;
  return 'done';
}

function putOff(run: ModelRun): string {
  if (run.finishedAt !== null) return 'RunOver';
  if (run.state === 'scanning') run.state = 'planned';
  run.isPutOff = true;
  run.reason = 'Passing';
  giveUp(run);
  return 'done';
}

function cancel(run: ModelRun, nowMs: number): string {
  if (run.state !== 'planned' && run.state !== 'scanning') return 'RunNotCancellable';
  finish(run, { state: 'cancelled', reason: 'Cancelled', nowMs });
  return 'done';
}

function end(run: ModelRun, state: 'published' | 'empty' | 'failed', nowMs: number): string {
  if (state === 'failed' ? run.finishedAt !== null : run.state !== 'publishing') return 'RunOver';
  finish(run, { state, reason: state === 'published' ? null : 'Why', nowMs });
  const isStrayLeft = run.shards.some(({ attempts }) => attempts.some((attempt) => attempt.state === 'failed'));
  run.isSwept = state !== 'failed' && !isStrayLeft;
  return 'done';
}

function sweep(run: ModelRun): string {
  if (run.finishedAt === null) return 'RunOver';
  run.isSwept = true;
  return 'done';
}

function finish(
  run: ModelRun,
  { state, reason, nowMs }: { readonly state: RunState; readonly reason: string | null; readonly nowMs: number },
): void {
  Object.assign(run, { state, reason, finishedAt: nowMs, isPutOff: false });
  giveUp(run);
}

function giveUp(run: ModelRun): void {
  for (const { attempts } of run.shards) {
    for (const attempt of attempts) if (attempt.state === 'open') attempt.state = 'failed';
  }
}
