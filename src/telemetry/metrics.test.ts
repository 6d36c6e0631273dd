import { expect, test } from 'vitest';
import { RUN_REASONS } from '../core/run-reasons.ts';
import type { ControlFigures, Figures, RunEnd, WatchedRule } from './figures.ts';
import { Metrics } from './metrics.ts';

const anEnd: RunEnd = {
  state: 'published',
  reason: null,
  startedAtMs: 1000,
  finishedAtMs: 4000,
  scanned: 10,
  matched: 7,
  bytesWritten: 300,
};

const aRule: WatchedRule = {
  bucket: 'photos',
  rule: 'nightly',
  nextDueAtMs: 86_400_000,
  periodMs: 86_400_000,
  changedAtMs: 1000,
  lastSuccessAtMs: null,
};

function figures(control?: Partial<ControlFigures>): Figures {
  return {
    ready: { status: 'ready', checks: [{ name: 'disk', isOk: true, text: '' }] },
    shardsScanning: 3,
    disk: { sizeBytes: 100, freeBytes: 40 },
    ...(control !== undefined && {
      control: {
        openRuns: { planned: 2, scanning: 1, publishing: 0 },
        waitingForTurn: 1,
        waitingForRetry: 1,
        rules: 5,
        repeatingRules: 4,
        watchedRules: [aRule],
        pendingDeliveries: 6,
        ...control,
      },
    }),
  };
}

/** The lines that tell a value, by what stands before it. */
async function values(metrics: Metrics, now: Figures = figures()): Promise<Record<string, number>> {
  const lines = (await metrics.text(now)).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => [line.replace(/ [^ ]+$/, ''), Number(line.replace(/^.* /, ''))]));
}

test('a run that ends is counted by state and reason, with its time, rows and bytes', async () => {
  const metrics = new Metrics('1.2.3');
  metrics.runEnded(anEnd);
  metrics.runEnded({ ...anEnd, state: 'failed', reason: 'RoleLost' });
  metrics.runEnded({ ...anEnd, state: 'cancelled', reason: 'Cancelled', startedAtMs: null, bytesWritten: 0 });
  expect(await values(metrics)).toMatchObject({
    'stocktake_runs_ended_total{state="published",reason="none"}': 1,
    'stocktake_runs_ended_total{state="failed",reason="RoleLost"}': 1,
    'stocktake_runs_ended_total{state="cancelled",reason="Cancelled"}': 1,
    'stocktake_run_duration_seconds_sum{state="published"}': 3,
    'stocktake_run_duration_seconds_count{state="failed"}': 1,
    stocktake_run_rows_total: 7,
    stocktake_run_bytes_total: 600,
    'stocktake_build_info{version="1.2.3"}': 1,
  });
});

test('each reason is 0 from the start, so that its first run is an increase; one that nobody knows is "other"', async () => {
  const metrics = new Metrics('1');
  const before = await values(metrics);
  for (const [reason, { states }] of Object.entries(RUN_REASONS)) {
    for (const state of states) {
      if (state !== 'failed') continue;
      expect(before[`stocktake_runs_ended_total{state="failed",reason="${reason}"}`], reason).toBe(0);
    }
  }
  for (const reason of ['OfAnOldVersion', 'toString']) metrics.runEnded({ ...anEnd, state: 'failed', reason });
  expect(await values(metrics)).toMatchObject({ 'stocktake_runs_ended_total{state="failed",reason="other"}': 2 });
});

test('a due time that had no run is no end of a run: there is no figure for it that would stay 0', async () => {
  const metrics = new Metrics('1');
  metrics.missed(3);
  const told = await values(metrics);
  expect(told).toMatchObject({ stocktake_due_times_missed_total: 3 });
  expect(Object.keys(told).filter((name) => name.includes('DueTime'))).toEqual([]);
});

test('requests are counted by operation, and errors by code', async () => {
  const metrics = new Metrics('1');
  const served = { requestId: 'R', method: 'GET', status: 200, durationMs: 20 };
  metrics.served({ ...served, operation: 'GetObject' });
  metrics.served({ ...served, status: 403, errorCode: 'AccessDenied' });
  expect(await values(metrics)).toMatchObject({
    'stocktake_http_request_duration_seconds_bucket{le="0.01",operation="GetObject"}': 0,
    'stocktake_http_request_duration_seconds_bucket{le="0.025",operation="GetObject"}': 1,
    'stocktake_http_request_duration_seconds_count{operation="unknown"}': 1,
    'stocktake_http_errors_total{code="AccessDenied"}': 1,
  });
});

test('figures are told as they are now; a rule that is gone, or that cannot be read, has none', async () => {
  const metrics = new Metrics('1');
  const success = { ...aRule, lastSuccessAtMs: 5000 };
  const before = await values(metrics, figures({ watchedRules: [success, { ...aRule, rule: 'weekly' }] }));
  expect(before).toMatchObject({
    'stocktake_runs{state="planned"}': 2,
    'stocktake_runs_waiting{for="retry"}': 1,
    stocktake_shards_scanning: 3,
    stocktake_rules: 5,
    stocktake_rules_unlisted: 2,
    'stocktake_rule_last_success_timestamp_seconds{bucket="photos",rule="nightly"}': 5,
    'stocktake_rule_due_timestamp_seconds{bucket="photos",rule="weekly"}': 86_400,
    stocktake_webhook_deliveries_pending: 6,
    'stocktake_ready{check="disk"}': 1,
    stocktake_disk_free_bytes: 40,
  });
  expect(before).not.toHaveProperty(['stocktake_rule_last_success_timestamp_seconds{bucket="photos",rule="weekly"}']);
  const after = Object.keys(await values(metrics, { ...figures(), disk: undefined }));
  expect(after.filter((name) => /^stocktake_(rule|runs\{|runs_waiting|disk|webhook_deliveries_p)/.test(name))).toEqual(
    [],
  );
});

test('a name that could end its label is escaped', async () => {
  const text = await new Metrics('1').text(figures({ watchedRules: [{ ...aRule, rule: 'a"} 1\nb\\' }] }));
  expect(text).toContain('stocktake_rule_period_seconds{bucket="photos",rule="a\\"} 1\\nb\\\\"} 86400\n');
});
