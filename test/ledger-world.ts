/** A ledger and its model, side by side: each call goes to both, and then the rows are compared with the model. */

import { sql } from 'kysely';
import { expect } from 'vitest';
import type { StoredRule } from '../src/control/rule-row.ts';
import type { RunLedger } from '../src/control/run-ledger.ts';
import type { SettledShard } from '../src/control/shard-rows.ts';
import { DomainError } from '../src/core/errors.ts';
import { cutRange, prefixRange } from '../src/core/key-range.ts';
import type { RunState } from '../src/core/run.ts';
import { NEXT_STATES } from '../src/core/run-machine.ts';
import type { RunIntent } from './any-run-intent.ts';
import { type Control, ONE_ROW, openControl, PHOTOS, putRule, REASON } from './control-fixture.ts';
import { type Call, type ModelRun, type RunCall, RunModel, type SettleCall } from './run-model.ts';
import { NOW_MS, temporaryFolder } from './store-fixture.ts';

const PREFIX = 'k';
const CUTS = ['k3', 'k6'];

export class LedgerWorld {
  readonly #folder = temporaryFolder();
  readonly #model = new RunModel();
  readonly #rulesPut = new Map<string, StoredRule>();
  /** Of each run all files that it ever named, also those of scans that were begun again. */
  readonly #files = new Map<number, string[]>();
  #control: Control | undefined;
  #nowMs = NOW_MS;
  #runIds: readonly string[] = [];
  #before: readonly { readonly state: RunState; readonly tries: number }[] = [];
  #names = 0;
  readonly #told: Set<string>;

  /** Adds to `told` what callers were told. */
  constructor(told: Set<string>) {
    this.#told = told;
  }

  async open(): Promise<void> {
    this.#control = await openControl({ folder: this.#folder });
    await sql`pragma synchronous = off`.execute(this.#control.db);
  }

  async close(): Promise<void> {
    await this.#opened.db.destroy();
  }

  async take(intent: RunIntent): Promise<void> {
    const call = this.#callOf(intent);
    if (call === undefined) return;
    this.#opened.clock.nowMs = ++this.#nowMs;
    const outcome = this.#model.take(call, this.#nowMs);
    expect(await this.#outcomeOf(call), JSON.stringify(call)).toBe(outcome);
    this.#told.add(`${call.kind} ${outcome}`);
    await this.#compareRows();
    await this.#auditSweeper();
  }

  get #opened(): Control {
    if (this.#control === undefined) throw new Error('the control state is not open');
    return this.#control;
  }

  #callOf(intent: RunIntent): Call | undefined {
    if (intent.kind === 'start' && !this.#rulesPut.has(intent.rule)) return undefined;
    if (!('run' in intent)) return intent;
    if (intent.kind === 'go on') return this.#goOn(intent.run);
    const run = this.#model.runs.length - 1 - intent.run;
    if (run < 0) return undefined;
    switch (intent.kind) {
      case 'plan':
        return { ...intent, run, fileKeys: Array.from({ length: intent.shards }, () => this.#newFile(run)) };
      case 'settle':
        return { ...intent, run, fileKey: this.#fileOf(run, intent.file) };
      case 'next':
        return { ...intent, run, fileKey: this.#fileOf(run, intent.file), newKey: this.#newFile(run) };
      case 'reserve':
        return { ...intent, run };
      default:
        return { kind: intent.kind, run };
    }
  }

  /** The straight way on for a run that is not over; when all are, a new one. */
  #goOn(place: number): Call | undefined {
    const open = [...this.#model.runs.keys()].filter((run) => this.#model.runs[run]?.finishedAt === null).reverse();
    const run = open[place % open.length];
    if (run !== undefined) return this.#model.nextCall(run, () => this.#newFile(run));
    const [rule] = this.#model.rules.keys();
    return rule === undefined ? undefined : { kind: 'start', rule };
  }

  #newFile(run: number): string {
    const key = `file-${this.#names++}`;
    this.#files.set(run, [key, ...(this.#files.get(run) ?? [])]);
    return key;
  }

  #fileOf(run: number, place: number): string {
    const attempts = this.#model.runs[run]?.shards.flatMap((shard) => shard.attempts) ?? [];
    const open = attempts.filter(({ state }) => state === 'open').map(({ fileKey }) => fileKey);
    return [...open, ...(this.#files.get(run) ?? [])][place] ?? 'a file that nobody writes';
  }

  async #outcomeOf(call: Call): Promise<string> {
    try {
      return (await this.#call(call)) === false ? 'taken' : 'done';
    } catch (error) {
      if (error instanceof DomainError) return error.code;
      return error instanceof Error ? error.name : String(error);
    }
  }

  async #call(call: Call): Promise<unknown> {
    const { rules, ledger } = this.#opened;
    switch (call.kind) {
      case 'die':
        await this.close();
        return await this.open();
      case 'delete':
        return await rules.delete(PHOTOS.id, call.rule);
      case 'put':
        this.#rulesPut.set(call.rule, await putRule(this.#opened, { id: call.rule, filter: { prefix: PREFIX } }));
        return undefined;
      case 'start': {
        const rule = this.#rulesPut.get(call.rule);
        return rule && (await ledger.start(rule, 'manual'));
      }
      default:
        return await this.#callOfRun(ledger, call, this.#runIds[call.run] ?? '');
    }
  }

  #callOfRun(ledger: RunLedger, call: RunCall, id: string): Promise<unknown> {
    const ruleId = this.#model.runs[call.run]?.rule ?? '';
    switch (call.kind) {
      case 'reserve':
        return ledger.reserveFolder(id, `acme-reports/${call.folder}`);
      case 'plan': {
        const parts = cutRange(prefixRange(PREFIX), CUTS.slice(0, call.fileKeys.length - 1).map(Buffer.from));
        const ranges = call.isWhole ? parts : parts.slice(1);
        const shards = ranges.map((range, number) => ({ number, range, fileKey: call.fileKeys[number] ?? '' }));
        return ledger.plan(id, { pointInTimeMs: NOW_MS, expectedRows: 9, shards });
      }
      case 'settle':
        return ledger.settleShard(id, call.fileKey, this.#resultOf(call));
      case 'next':
        return ledger.nextAttempt(id, call.fileKey, { fault: 'it broke', fileKey: call.newKey });
      case 'progress':
        return ledger.progress(id, { scanned: 5, matched: 4, bytesWritten: 3 });
      case 'published':
        return ledger.published(id, 'manifest.json');
      case 'empty':
      case 'failed':
        return ledger[call.kind](id, REASON);
      case 'putOff':
        return ledger.putOff(id, { reason: { code: 'Passing', text: 'later' }, retryAtMs: this.#nowMs + 1000 });
      case 'cancel':
        return ledger.cancel({ bucketId: PHOTOS.id, ruleId }, id, 'alice');
      case 'cancelOfOtherRule':
        return ledger.cancel({ bucketId: PHOTOS.id, ruleId: 'another' }, id, 'alice');
      default:
        return ledger[call.kind](id);
    }
  }

  #resultOf({ run, fileKey, result }: SettleCall): SettledShard {
    if (result === 'nothing') return { scanned: 2, matched: 0 };
    const shards = this.#model.runs[run]?.shards ?? [];
    const number = shards.findIndex(({ attempts }) => attempts.some((attempt) => attempt.fileKey === fileKey));
    const key = Buffer.from(result === 'astray' ? 'z' : (['k', ...CUTS][number] ?? ''));
    return { ...ONE_ROW, scanned: 2, firstKey: key, lastKey: key };
  }

  /** The rows say what the model says, and no run has gone a way that is none. */
  async #compareRows(): Promise<void> {
    const { db } = this.#opened;
    const rules = await db.selectFrom('rules').select('id').orderBy('id').execute();
    expect(rules.map(({ id }) => id)).toEqual([...this.#model.rules.keys()].sort());

    const runs = await db.selectFrom('runs').selectAll().orderBy('sequence').execute();
    const shards = await db.selectFrom('shards').selectAll().orderBy('number').execute();
    const attempts = await db.selectFrom('attempts').selectAll().orderBy('number').execute();
    const uids = [...new Set(runs.map((row) => row.rule_uid))];
    const stored = runs.map((row) => ({
      rule: row.rule_id,
      generation: uids.indexOf(row.rule_uid),
      state: row.state,
      tries: row.tries,
      startedAt: row.started_at,
      finishedAt: row.finished_at,
      isPutOff: row.retry_at !== null,
      reason: row.reason_code,
      folder: row.folder?.replace('acme-reports/', '') ?? null,
      scanned: row.scanned,
      matched: row.matched,
      isSwept: row.swept === 1,
      shards: shards
        .filter((shard) => shard.run_id === row.id)
        .map((shard) => ({
          isSettled: shard.settled === 1,
          current: shard.attempt,
          attempts: attempts
            .filter((attempt) => attempt.run_id === row.id && attempt.shard === shard.number)
            .map(({ file_key, state, ended_at }) => ({ fileKey: file_key, state, isOver: ended_at !== null })),
        })),
    }));
    expect(stored).toEqual(this.#model.runs.map(asRows));
    expect(attempts).toHaveLength(stored.flatMap((row) => row.shards.flatMap((shard) => shard.attempts)).length);

    for (const [index, { state, tries }] of runs.entries()) {
      const before = this.#before[index] ?? { state: 'planned', tries: 0 };
      if (before.state !== state || before.tries !== tries) expect(NEXT_STATES[before.state]).toContain(state);
    }
    this.#before = runs.map(({ state, tries }) => ({ state, tries }));
    this.#runIds = runs.map(({ id }) => id);
  }

  /** No file of a report is ever handed to who sweeps, and every other one is, once its run is over. */
  async #auditSweeper(): Promise<void> {
    const { ledger } = this.#opened;
    for (const [index, { state, shards }] of this.#model.runs.entries()) {
      const id = this.#runIds[index] ?? '';
      const attempts = shards.flatMap((shard) => shard.attempts);
      const keysOf = (isIn: (state: string) => boolean) =>
        attempts.filter((attempt) => isIn(attempt.state)).map(({ fileKey }) => fileKey);
      expect(await ledger.staleFileKeys(id)).toEqual(keysOf((each) => each === 'failed'));
      const all = ledger.allFileKeys(id);
      if (state !== 'publishing' && state !== 'published') expect(await all).toEqual(keysOf(() => true));
      else await expect(all).rejects.toThrow('its files are those of a report');
    }
  }
}

function asRows({ shards, ...facts }: ModelRun) {
  return {
    ...facts,
    shards: shards.map(({ outcome, attempts }) => ({
      isSettled: outcome !== null,
      current: attempts.length,
      attempts: attempts.map((attempt) => ({ ...attempt, isOver: attempt.state !== 'open' })),
    })),
  };
}
