import type { RunView } from '../src/core/run.ts';

/** A planned run, but for what is changed. */
export function runView(change: Partial<RunView> = {}): RunView {
  return {
    id: 'run1',
    rule: 'nightly',
    bucket: 'photos',
    trigger: 'manual',
    scheduledFor: '2026-10-04T16:00:00.000Z',
    state: 'planned',
    startedAt: null,
    finishedAt: null,
    pointInTime: null,
    tries: 0,
    retryAt: null,
    expected: null,
    scanned: 0,
    matched: 0,
    bytesWritten: 0,
    shards: { done: 0, total: 0 },
    manifest: null,
    destination: 'reports',
    removedAt: null,
    reason: null,
    ...change,
  };
}
