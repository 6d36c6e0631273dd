import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { MemoryDestination } from '../../test/contract/memory-destination.ts';
import { anyFacts, shardOf } from '../../test/report-facts-fixture.ts';
import { DomainError } from '../core/errors.ts';
import { armFailpoints } from '../core/failpoint.ts';
import { parseLatest } from '../core/latest-report.ts';
import { checksumKey, manifestKey, renderChecksum, renderManifest, reportJsonKey } from '../core/report.ts';
import { manifestOf, type ReportFacts, renderReportFacts } from '../core/report-facts.ts';
import { publishReport } from './publish.ts';

const folder = 'inv/acme-media/nightly-all/2026-10-04T16-00Z';
const dataKey = 'inv/acme-media/nightly-all/data/6f1d2c9e-53f0-4b7e-9a57-0c9d7c1f4a11.csv.gz';
const output = new URL('../../test/vectors/inventory/output/', import.meta.url);
const data = readFileSync(new URL(dataKey, output));
const shard = { number: 0, start: '', keys: ['a'], fileKey: dataKey, file: data, rows: 'one row' };
const facts = anyFacts({ sourceBucket: 'acme-media', shards: [shardOf(shard)] });
const manifest = renderManifest(manifestOf(facts));
const latestKey = 'inv/acme-media/nightly-all/latest.json';
const refused = expect.objectContaining({ code: 'ReportInconsistent' });

async function destinationWith(bytes: Uint8Array): Promise<MemoryDestination> {
  const destination = new MemoryDestination();
  await destination.putNew(dataKey, bytes, 'application/gzip');
  return destination;
}

test('a report gets what the run says of it, its checksum, and last the manifest that says it is whole', async () => {
  const destination = await destinationWith(data);
  expect(await publishReport({ destination, folder, facts })).toEqual({ manifestKey: manifestKey(folder) });
  expect([...destination.objects]).toEqual([
    [dataKey, expect.anything()],
    [reportJsonKey(folder), { bytes: renderReportFacts(facts, folder, manifest), contentType: 'application/json' }],
    [checksumKey(folder), { bytes: Buffer.from(renderChecksum(manifest)), contentType: 'text/plain' }],
    [manifestKey(folder), { bytes: manifest, contentType: 'application/json' }],
  ]);
});

const POINTS = [
  'put-report',
  'report-put',
  'put-checksum',
  'checksum-put',
  'put-manifest',
  'visible',
  'put-latest',
  'latest-put',
] as const;

test.each(POINTS)(
  'a report that is broken off at %s, and published again and again, is the same in each byte',
  async (point) => {
    const whole = await destinationWith(data);
    await publishReport({ destination: whole, folder, facts, latestKey });
    const destination = await destinationWith(data);
    onTestFinished(() => armFailpoints(undefined));
    armFailpoints((reached) => {
      if (reached === `report.${point}`) throw new Error('killed');
    });
    await expect(publishReport({ destination, folder, facts, latestKey })).rejects.toThrow('killed');
    armFailpoints(undefined);
    for (let again = 0; again < 2; again++) {
      expect(await publishReport({ destination, folder, facts, latestKey })).toEqual({
        manifestKey: manifestKey(folder),
      });
      expect(destination.objects).toEqual(whole.objects);
    }
  },
);

test('a report that is visible is published, whatever became since then of its files and of the leave to write', async () => {
  const destination = await destinationWith(data);
  await publishReport({ destination, folder, facts });
  await destination.remove(dataKey);
  const beside = [checksumKey(folder), reportJsonKey(folder)];
  const before = beside.map((key) => destination.objects.get(key));
  for (const key of beside) await destination.remove(key);
  const beforeFirstPut = () => Promise.reject(new Error('there is no leave to write'));
  expect(await publishReport({ destination, folder, facts, beforeFirstPut })).toEqual({
    manifestKey: manifestKey(folder),
  });
  expect(beside.map((key) => destination.objects.get(key))).toEqual(before);
});

test('without leave to write nothing is put', async () => {
  const destination = await destinationWith(data);
  const beforeFirstPut = () => Promise.reject(new Error('there is no leave to write'));
  await expect(publishReport({ destination, folder, facts, beforeFirstPut })).rejects.toThrow('no leave');
  expect([...destination.objects.keys()]).toEqual([dataKey]);
});

test.each([
  ['is missing', undefined],
  ['was changed', Buffer.from(data).fill(0xff, 100, 101)],
  ['was cut', data.subarray(0, -1)],
])('a report is not published when a data file %s', async (_, bytes) => {
  const destination = bytes === undefined ? new MemoryDestination() : await destinationWith(bytes);
  await expect(publishReport({ destination, folder, facts })).rejects.toThrow(refused);
  expect(await destination.stat(manifestKey(folder))).toBeUndefined();
  expect(await destination.stat(checksumKey(folder))).toBeUndefined();
});

test('a manifest that somebody else put there is left as it is', async () => {
  const destination = await destinationWith(data);
  await destination.putNew(manifestKey(folder), Buffer.from('{}'), 'application/json');
  await expect(publishReport({ destination, folder, facts })).rejects.toThrow(refused);
  expect(destination.objects.get(manifestKey(folder))?.bytes.toString()).toBe('{}');
});

test.each([checksumKey(folder), reportJsonKey(folder)])(
  'beside a %s that somebody else put there no manifest appears',
  async (key) => {
    const destination = await destinationWith(data);
    await destination.putNew(key, Buffer.from('0'), 'text/plain');
    await expect(publishReport({ destination, folder, facts })).rejects.toThrow(refused);
    expect(destination.objects.get(key)?.bytes.toString()).toBe('0');
    expect(await destination.stat(manifestKey(folder))).toBeUndefined();
  },
);

/** The report of another run of the rule, so many minutes after the first. */
function later(minutes: number): { folder: string; facts: ReportFacts } {
  const run = { ...facts.run, id: `${minutes} minutes later` };
  const pointInTimeMs = facts.pointInTimeMs + minutes * 60_000;
  return { folder: folder.replace('16-00', `16-0${minutes}`), facts: { ...facts, run, pointInTimeMs } };
}

function latestIn(destination: MemoryDestination) {
  return parseLatest(destination.objects.get(latestKey)?.bytes ?? Buffer.of());
}

test.each([
  [[0, 1, 2], 2],
  [[2, 1, 0], 2],
  [[1, 2, 0, 1], 2],
  [[0, 0], 0],
])('after the reports of the minutes %j the latest is that of minute %i', async (minutes, newest) => {
  const destination = await destinationWith(data);
  for (const minute of minutes) await publishReport({ destination, ...later(minute), latestKey });
  expect(latestIn(destination)?.manifestKey).toBe(manifestKey(later(newest).folder));
});

test('of reports that are published at once the newest is the latest', async () => {
  const destination = await destinationWith(data);
  const minutes = [3, 1, 4, 2, 5, 0];
  await Promise.all(minutes.map((minute) => publishReport({ destination, ...later(minute), latestKey })));
  expect(latestIn(destination)?.runId).toBe('5 minutes later');
});

test('what is no latest.json is left as it is, and the report is published all the same', async () => {
  const destination = await destinationWith(data);
  await destination.putNew(latestKey, Buffer.from('mine'), 'text/plain');
  const { latestFault } = await publishReport({ destination, folder, facts, latestKey });
  expect(latestFault).toMatchObject({ code: 'ReportInconsistent', message: expect.stringContaining(latestKey) });
  expect(destination.objects.get(latestKey)?.bytes.toString()).toBe('mine');
  expect(await destination.stat(manifestKey(folder))).toBeDefined();
});

test('where others never leave latest.json alone, that is told after some tries', async () => {
  const destination = await destinationWith(data);
  await publishReport({ destination, folder, facts, latestKey });
  destination.replace = async () => false;
  const { latestFault } = await publishReport({ destination, ...later(1), latestKey });
  expect(latestFault).toMatchObject({ code: 'ReportInconsistent', message: expect.stringContaining('10 times') });
});

test.each([new Error('EIO'), new DomainError('StorageFull', 'The disk is full.')])(
  'a disk that fails under latest.json, or is full, is no end: publishing is to be tried again (%s)',
  async (fault) => {
    const destination = await destinationWith(data);
    destination.read = () => Promise.reject(fault);
    await expect(publishReport({ destination, folder, facts, latestKey })).rejects.toBe(fault);
    expect(destination.objects.has(manifestKey(folder))).toBe(true);
  },
);
