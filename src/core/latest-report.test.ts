import { expect, test } from 'vitest';
import { parseLatest, renderLatest } from './latest-report.ts';
import { sha256Of } from './report-facts.ts';

const FOLDER = 'inv/photos/nightly/2026-10-04T16-00Z';
const report = { runId: '0123456789abcdef', pointInTimeMs: Date.UTC(2026, 9, 4, 16, 0, 0, 123), folder: FOLDER };
const [manifest, facts] = [Buffer.from('the manifest'), Buffer.from('the facts')];

test('the newest report is named with its manifest and what the run says of it', () => {
  expect(JSON.parse(String(renderLatest(report, { manifest, facts })))).toEqual({
    version: '1',
    run: '0123456789abcdef',
    pointInTime: '2026-10-04T16:00:00.123Z',
    manifest: { key: `${FOLDER}/manifest.json`, sha256: sha256Of(manifest) },
    report: { key: `${FOLDER}/report.json`, sha256: sha256Of(facts) },
  });
});

test.each([[facts], [undefined]])('what was rendered is read again', (facts) => {
  expect(parseLatest(renderLatest(report, { manifest, facts }))).toEqual({
    runId: report.runId,
    pointInTimeMs: report.pointInTimeMs,
    manifestKey: `${FOLDER}/manifest.json`,
  });
});

const ours = { version: '1', run: 'r', pointInTime: '2026-10-04T16:00:00.000Z', manifest: { key: 'k' } };

test.each([
  '',
  'null',
  '[]',
  '"1"',
  'nonsense',
  ...[
    { version: 1 },
    { run: 7 },
    { pointInTime: 'today' },
    { pointInTime: 0 },
    { manifest: null },
    { manifest: {} },
  ].map((change) => JSON.stringify({ ...ours, ...change })),
])('what is none of ours names nothing: %s', (text) => {
  expect(parseLatest(Buffer.from(JSON.stringify(ours)))).toBeDefined();
  expect(parseLatest(Buffer.from(text))).toBeUndefined();
});
