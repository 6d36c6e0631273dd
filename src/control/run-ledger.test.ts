import { expect, test } from 'vitest';
import {
  type Control,
  ONE_ROW,
  onePlan,
  openControl,
  openRun,
  PHOTOS,
  putRule,
  REASON,
  scanToTheEnd,
} from '../../test/control-fixture.ts';
import { queryPlans } from '../../test/query-plans.ts';
import { NOW_MS } from '../../test/store-fixture.ts';
import type { RunState } from '../core/run.ts';
import { RunLedger, RunOver } from './run-ledger.ts';

/** How a run gets into each state. */
const WAYS: Readonly<Record<RunState, (control: Control, runId: string) => Promise<void>>> = {
  planned: async () => undefined,
  scanning: async ({ ledger }, runId) => ledger.scanning(runId),
  publishing: async (control, runId) => scanToTheEnd(control, { ...(await openRun(control)), id: runId }),
  published: async (control, runId) => {
    await WAYS.publishing(control, runId);
    await control.ledger.published(runId, 'manifest.json');
  },
  empty: async (control, runId) => {
    await WAYS.publishing(control, runId);
    await control.ledger.empty(runId, REASON);
  },
  failed: async ({ ledger }, runId) => ledger.failed(runId, REASON),
  cancelled: async ({ rules }) => {
    await rules.delete(PHOTOS.id, 'nightly-all');
  },
};
const STATES = Object.keys(WAYS) as RunState[];

const OPEN: readonly RunState[] = ['planned', 'scanning', 'publishing'];
const OVER: readonly RunState[] = ['published', 'empty', 'failed', 'cancelled'];

interface Step {
  readonly from: readonly RunState[];
  readonly take: (ledger: RunLedger, runId: string) => Promise<unknown>;
  /** What the run is then, when that is not what the step is called. */
  readonly to?: Readonly<Partial<Record<RunState, RunState>>>;
}

/** Each step, and the states that it may be taken from. */
const STEPS: Readonly<Record<string, Step>> = {
  scanning: { from: ['planned', 'scanning'], take: (ledger, runId) => ledger.scanning(runId) },
  reserveFolder: {
    from: ['scanning'],
    take: (ledger, runId) => ledger.reserveFolder(runId, 'acme-reports/folder'),
    to: { scanning: 'scanning' },
  },
  plan: {
    from: ['scanning'],
    take: (ledger, runId) => ledger.plan(runId, onePlan('file')),
    to: { scanning: 'scanning' },
  },
  publishing: {
    from: ['scanning'],
    take: async (ledger, runId) => {
      const { state } = (await ledger.find(runId)) ?? {};
      if (state === 'scanning') await scanOneShard(ledger, runId);
      await ledger.publishing(runId);
    },
  },
  published: { from: ['publishing'], take: (ledger, runId) => ledger.published(runId, 'manifest.json') },
  empty: { from: ['publishing'], take: (ledger, runId) => ledger.empty(runId, REASON) },
  failed: { from: OPEN, take: (ledger, runId) => ledger.failed(runId, REASON) },
  putOff: {
    from: OPEN,
    take: (ledger, runId) => ledger.putOff(runId, { reason: REASON, retryAtMs: NOW_MS + 1000 }),
    to: { planned: 'planned', scanning: 'planned', publishing: 'publishing' },
  },
  swept: {
    from: OVER,
    take: (ledger, runId) => ledger.swept(runId),
    to: { published: 'published', empty: 'empty', failed: 'failed', cancelled: 'cancelled' },
  },
};

for (const [name, { from, take, to }] of Object.entries(STEPS)) {
  test.each(STATES)(`the step "${name}" from a run that is %s`, async (state) => {
    const control = await openControl();
    await putRule(control);
    const { id } = await openRun(control);
    await WAYS[state](control, id);
    const before = await control.ledger.find(id);
    if (from.includes(state)) {
      await take(control.ledger, id);
      expect((await control.ledger.find(id))?.state).toBe(to === undefined ? name : to[state]);
    } else {
      await expect(take(control.ledger, id)).rejects.toBeInstanceOf(RunOver);
      expect(await control.ledger.find(id)).toEqual(before);
    }
  });
}

test('no step brings back a run that is not there', async () => {
  const { ledger } = await openControl();
  for (const { take } of Object.values(STEPS)) {
    await expect(take(ledger, '0123456789abcdef')).rejects.toBeInstanceOf(RunOver);
  }
});

test('runs that ended without a report are to be swept until they are', async () => {
  const control = await openControl();
  await putRule(control);
  const run = await openRun(control);
  await control.ledger.failed(run.id, REASON);
  expect(await control.ledger.unswept()).toMatchObject([{ id: run.id }]);
  await control.ledger.swept(run.id);
  expect(await control.ledger.unswept()).toEqual([]);
});

test('open runs, unswept runs and the runs of a rule are found without reading the whole history', async () => {
  const { db, clock } = await openControl();
  const plans = await queryPlans(db, async (watched) => {
    const ledger = new RunLedger(watched, clock);
    await ledger.hasOpen();
    await ledger.unswept();
    await ledger.list('uid', undefined, 10);
    await ledger.list('uid', 1, 10);
  });
  expect(plans.filter((plan) => plan.includes('runs'))).toEqual([
    expect.stringMatching(/INDEX runs_by_end \(state=\?\)$/),
    expect.stringMatching(/INDEX runs_of_a_state \(state=\? AND swept=\?\)$/),
    expect.stringMatching(/INDEX runs_of_a_rule \(rule_uid=\?\)$/),
    expect.stringMatching(/INDEX runs_of_a_rule \(rule_uid=\? AND sequence<\?\)$/),
  ]);
});

async function scanOneShard(ledger: RunLedger, runId: string): Promise<void> {
  await ledger.plan(runId, onePlan('file'));
  await ledger.settleShard(runId, 'file', ONE_ROW);
}
