import { describe, expect, test } from 'vitest';
import { runView } from '../../test/run-view.ts';
import { progressText, summaryOf } from './run-text.ts';
import { ScanPace } from './scan-pace.ts';

describe('the line of a run that goes on', () => {
  const scanning = (change: object) => runView({ state: 'scanning', ...change });
  const fault = { code: 'StorageFull', text: 'The disk is full.' };

  test.each([
    ['waits for its turn', runView(), undefined, 'planned: waiting for its turn'],
    ['has only begun', scanning({}), undefined, 'scanning: 0 objects'],
    [
      'is scanned',
      scanning({ scanned: 1_200_000, expected: 3_000_000 }),
      250_000,
      'scanning: 1,200,000 of about 3,000,000 objects (40 %), 250,000 rows/s, about 8 s left',
    ],
    [
      'will take minutes',
      scanning({ scanned: 1, expected: 1_000_001 }),
      1000,
      'scanning: 1 of about 1,000,001 objects (0 %), 1,000 rows/s, about 17 min left',
    ],
    [
      'will take hours',
      scanning({ scanned: 0, expected: 10_000_000 }),
      1000,
      'scanning: 0 of about 10,000,000 objects (0 %), 1,000 rows/s, about 3 h left',
    ],
    [
      'has more than was expected',
      scanning({ scanned: 120, expected: 100 }),
      10,
      'scanning: 120 of about 100 objects (99 %), 10 rows/s',
    ],
    ['stands still', scanning({ scanned: 5, expected: 10 }), 0, 'scanning: 5 of about 10 objects (50 %), 0 rows/s'],
    ['is expected to be empty', scanning({ expected: 0 }), undefined, 'scanning: 0 of about 0 objects'],
    [
      'is put off',
      runView({ retryAt: '2026-10-04T16:00:05.000Z', reason: fault }),
      undefined,
      'waiting until 16:00:05 UTC after StorageFull: The disk is full.',
    ],
    [
      'is published',
      runView({ state: 'publishing', matched: 1, bytesWritten: 1500 }),
      undefined,
      'publishing: 1 row, 1.5 kB',
    ],
  ])('of one that %s', (_, run, perSecond, text) => {
    expect(progressText(run, perSecond)).toBe(text);
  });
});

test('a run in a line says how it stands, since when, and why', () => {
  expect(summaryOf(runView())).toBe('run1, planned');
  const failed = runView({
    state: 'failed',
    startedAt: '2026-10-04T16:00:00.000Z',
    finishedAt: '2026-10-04T16:01:00.000Z',
    reason: { code: 'RoleLost', text: 'The role is gone.' },
  });
  expect(summaryOf(failed)).toBe('run1, failed 2026-10-04 16:01 UTC (RoleLost: The role is gone.)');
});

describe('the pace of a scan', () => {
  const paceOf = (...samples: readonly (readonly [atMs: number, scanned: number])[]) => {
    const pace = new ScanPace();
    for (const [atMs, scanned] of samples) pace.add(scanned, atMs);
    return pace.perSecond();
  };

  test('is not known from one look, nor from two at almost the same time', () => {
    expect(paceOf()).toBeUndefined();
    expect(paceOf([0, 100])).toBeUndefined();
    expect(paceOf([0, 100], [499, 200])).toBeUndefined();
  });

  test('is that of the last seconds', () => {
    expect(paceOf([0, 0], [1000, 500])).toBe(500);
    const slowAtFirst = Array.from({ length: 20 }, (_, second) => [second * 1000, second] as const);
    expect(paceOf(...slowAtFirst, [20_000, 1019], [25_000, 6019])).toBe(1000);
  });

  test('is counted anew when the scan was begun again', () => {
    expect(paceOf([0, 0], [1000, 1_000_000], [2000, 0])).toBeUndefined();
    expect(paceOf([0, 0], [1000, 1_000_000], [2000, 0], [3000, 10])).toBe(10);
  });
});
