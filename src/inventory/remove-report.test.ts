import { afterEach, expect, test } from 'vitest';
import { MemoryReports } from '../../test/memory-reports.ts';
import { DomainError } from '../core/errors.ts';
import { armFailpoints, type Failpoint } from '../core/failpoint.ts';
import { checksumKey, dataFileKey, manifestKey, reportFolder, reportJsonKey } from '../core/report.ts';
import { type DeliveredReport, isVisible, removeReport } from './remove-report.ts';

const PLACE = { destinationPrefix: 'inv', sourceBucket: 'photos', ruleId: 'nightly' };

function reportAt(minuteMs: number, fileCount = 3): DeliveredReport {
  const files = Array.from({ length: fileCount }, (_, n) => ({
    key: dataFileKey(PLACE, `${minuteMs}-${n}`),
    sizeBytes: 20,
    md5: 'A'.repeat(32),
  }));
  return { place: PLACE, folder: reportFolder(PLACE, minuteMs), files };
}

const REPORT = reportAt(0);
const OTHER = reportAt(60_000);
const MANIFEST = manifestKey(REPORT.folder);

function deliverBoth(): MemoryReports {
  const reports = new MemoryReports();
  reports.deliver(REPORT);
  reports.deliver(OTHER);
  return reports;
}

const keysOf = (reports: MemoryReports) => [...reports.objects.keys()].toSorted();
const steps = () => ({ begin: async () => true, signal: new AbortController().signal });

afterEach(() => armFailpoints(undefined));

test('all of a report goes, its manifest first, and nothing of another', async () => {
  const reports = deliverBoth();
  const discarded: string[] = [];
  reports.beforeDiscard = (key) => discarded.push(key);
  expect(await isVisible(reports, REPORT)).toBe(true);
  expect(await removeReport(reports, REPORT, steps())).toBe(true);
  expect(discarded).toEqual([
    MANIFEST,
    checksumKey(REPORT.folder),
    reportJsonKey(REPORT.folder),
    ...REPORT.files.map(({ key }) => key),
  ]);
  const left = new MemoryReports();
  left.deliver(OTHER);
  expect(reports.objects).toEqual(left.objects);
  expect(await isVisible(reports, REPORT)).toBe(false);
});

test('nothing goes before the removal is written down, or when that says no', async () => {
  const reports = deliverBoth();
  const before = keysOf(reports);
  const begin = async () => {
    expect(keysOf(reports)).toEqual(before);
    return false;
  };
  expect(await removeReport(reports, REPORT, { ...steps(), begin })).toBe(false);
  expect(keysOf(reports)).toEqual(before);
});

test('whatever point it is broken off at, no manifest names a missing file, and the next try ends it', async () => {
  const points: Failpoint[] = [];
  armFailpoints((point) => points.push(point));
  await removeReport(deliverBoth(), REPORT, steps());
  expect(points.length).toBeGreaterThanOrEqual(4);
  for (const index of points.keys()) {
    const reports = deliverBoth();
    let passed = 0;
    armFailpoints(() => {
      if (passed++ === index) throw new Error('killed');
    });
    await expect(removeReport(reports, REPORT, steps())).rejects.toThrow('killed');
    reports.assertWhole();
    armFailpoints(undefined);
    expect(await removeReport(reports, REPORT, steps())).toBe(true);
    const left = new MemoryReports();
    left.deliver(OTHER);
    expect(reports.objects).toEqual(left.objects);
  }
});

test('a report of many files stops between them when the server does', async () => {
  const large = reportAt(0, 200);
  const reports = new MemoryReports();
  reports.deliver(large);
  const abort = new AbortController();
  reports.beforeDiscard = (key) => {
    if (key.endsWith('-40.csv.gz')) abort.abort();
  };
  await expect(removeReport(reports, large, { ...steps(), signal: abort.signal })).rejects.toThrow();
  expect(keysOf(reports)).toHaveLength(200 - 64);
});

test('a report whose manifest somebody has removed goes, as far as it is there', async () => {
  const reports = deliverBoth();
  reports.objects.delete(MANIFEST);
  reports.objects.delete(REPORT.files[1]?.key ?? '');
  expect(await isVisible(reports, REPORT)).toBe(false);
  expect(await removeReport(reports, REPORT, steps())).toBe(true);
  expect(reports.folders()).toEqual([OTHER.folder]);
  expect(keysOf(reports)).toHaveLength(6);
});

test('with another object over its manifest, all of the report stays', async () => {
  for (const bytes of ['{"mine": true}', '{"files": []}', '\u0000']) {
    const reports = deliverBoth();
    reports.put(MANIFEST, bytes);
    const before = new Map(reports.objects);
    expect(await isVisible(reports, REPORT)).toBe(false);
    const stays = { code: 'ReportStays', message: expect.stringContaining(`"${MANIFEST}" is not its manifest`) };
    await expect(removeReport(reports, REPORT, steps())).rejects.toMatchObject(stays);
    expect(reports.objects).toEqual(before);
  }
});

test('an object that is put over the manifest in the last moment keeps the data files', async () => {
  const reports = deliverBoth();
  reports.beforeDiscard = (key) => {
    if (key === MANIFEST) reports.put(MANIFEST, 'in the last moment');
  };
  await expect(removeReport(reports, REPORT, steps())).rejects.toMatchObject({ code: 'ReportStays' });
  expect(keysOf(reports)).toHaveLength(12);
});

test('a manifest that was only written in another way is still the manifest', async () => {
  const reports = deliverBoth();
  const document: unknown = JSON.parse(String(Buffer.from(reports.objects.get(MANIFEST)?.bytes ?? [])));
  reports.put(MANIFEST, JSON.stringify(document));
  expect(await removeReport(reports, REPORT, steps())).toBe(true);
  expect(reports.folders()).toEqual([OTHER.folder]);
});

test('what somebody put over a data file stays, and the rest goes', async () => {
  const reports = deliverBoth();
  const [first] = REPORT.files;
  reports.put(first?.key ?? '', 'mine');
  expect(await removeReport(reports, REPORT, steps())).toBe(true);
  expect(String(reports.objects.get(first?.key ?? '')?.bytes)).toBe('mine');
  expect(keysOf(reports)).toHaveLength(7);
});

test('a report that latest.json names stays until another is named', async () => {
  const reports = deliverBoth();
  reports.nameLatest(REPORT);
  await expect(removeReport(reports, REPORT, steps())).rejects.toMatchObject({
    code: 'ReportStays',
    message: expect.stringContaining('"inv/photos/nightly/latest.json" names it'),
  });
  expect(keysOf(reports)).toHaveLength(13);
  reports.nameLatest(OTHER);
  expect(await removeReport(reports, REPORT, steps())).toBe(true);
});

test('a file outside of the folder of the rule is not touched, whatever a row says', async () => {
  for (const key of ['inv/photos/nightly2/data/x.csv.gz', 'holiday.jpg', 'inv/photos/nightly']) {
    const report = { ...REPORT, files: [...REPORT.files, { key, sizeBytes: 4, md5: '' }] };
    const reports = new MemoryReports();
    reports.deliver(report);
    await expect(removeReport(reports, report, steps())).rejects.toMatchObject({
      code: 'ReportStays',
      message: expect.stringContaining(`"${key}", which does not lie below "inv/photos/nightly/"`),
    });
    expect(keysOf(reports)).toHaveLength(7);
  }
});

test('what refuses a file keeps the rest, and the next try goes on', async () => {
  const reports = deliverBoth();
  reports.beforeDiscard = (key) => {
    if (key.includes('/data/')) throw new DomainError('RoleLost', 'The role may not.');
  };
  await expect(removeReport(reports, REPORT, steps())).rejects.toMatchObject({ code: 'RoleLost' });
  reports.assertWhole();
  expect(reports.folders()).toEqual([OTHER.folder]);
  reports.beforeDiscard = () => undefined;
  expect(await removeReport(reports, REPORT, steps())).toBe(true);
  expect(keysOf(reports)).toHaveLength(6);
});
