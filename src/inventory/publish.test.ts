import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { factsOf, MemoryDestination } from '../../test/contract/memory-destination.ts';
import { checksumKey, type Manifest, manifestKey, renderChecksum, renderManifest } from '../core/report.ts';
import { publishReport } from './publish.ts';

const folder = 'inv/acme-media/nightly-all/2026-10-04T16-00Z';
const dataKey = 'inv/acme-media/nightly-all/data/6f1d2c9e-53f0-4b7e-9a57-0c9d7c1f4a11.csv.gz';
const output = new URL('../../test/vectors/inventory/output/', import.meta.url);
const data = readFileSync(new URL(dataKey, output));
const manifest: Manifest = {
  creationTimestampSeconds: 1_791_129_600,
  sourceBucket: 'acme-media',
  destinationBucket: 'acme-reports',
  columns: ['Bucket', 'Key'],
  files: [{ key: dataKey, ...factsOf(data) }],
};
const refused = expect.objectContaining({ code: 'ReportInconsistent' });

async function destinationWith(bytes: Uint8Array): Promise<MemoryDestination> {
  const destination = new MemoryDestination();
  await destination.putNew(dataKey, bytes, 'application/gzip');
  return destination;
}

test('a report gets its checksum, and last the manifest that says it is whole', async () => {
  const destination = await destinationWith(data);
  expect(await publishReport({ destination, folder, manifest })).toBe(manifestKey(folder));
  const bytes = renderManifest(manifest);
  expect(destination.objects.get(manifestKey(folder))).toEqual({ bytes, contentType: 'application/json' });
  expect(destination.objects.get(checksumKey(folder))).toEqual({
    bytes: Buffer.from(renderChecksum(bytes)),
    contentType: 'text/plain',
  });
  expect([...destination.objects.keys()].at(-1)).toBe(manifestKey(folder));
});

test('publishing again, or after half of it was done, ends in the same report', async () => {
  const destination = await destinationWith(data);
  await publishReport({ destination, folder, manifest });
  const published = new Map(destination.objects);
  await publishReport({ destination, folder, manifest });
  expect(destination.objects).toEqual(published);
  await destination.remove(manifestKey(folder));
  await publishReport({ destination, folder, manifest });
  expect(destination.objects).toEqual(published);
});

test('a report that is visible is published, whatever became since then of its files and of the leave to write', async () => {
  const destination = await destinationWith(data);
  await publishReport({ destination, folder, manifest });
  await destination.remove(dataKey);
  await destination.remove(checksumKey(folder));
  const beforeFirstPut = () => Promise.reject(new Error('there is no leave to write'));
  expect(await publishReport({ destination, folder, manifest, beforeFirstPut })).toBe(manifestKey(folder));
  expect(destination.objects.get(checksumKey(folder))?.bytes.toString()).toBe(renderChecksum(renderManifest(manifest)));
});

test('without leave to write nothing is put', async () => {
  const destination = await destinationWith(data);
  const beforeFirstPut = () => Promise.reject(new Error('there is no leave to write'));
  await expect(publishReport({ destination, folder, manifest, beforeFirstPut })).rejects.toThrow('no leave');
  expect([...destination.objects.keys()]).toEqual([dataKey]);
});

test.each([
  ['is missing', undefined],
  ['was changed', Buffer.from(data).fill(0xff, 100, 101)],
  ['was cut', data.subarray(0, -1)],
])('a report is not published when a data file %s', async (_, bytes) => {
  const destination = bytes === undefined ? new MemoryDestination() : await destinationWith(bytes);
  await expect(publishReport({ destination, folder, manifest })).rejects.toThrow(refused);
  expect(await destination.stat(manifestKey(folder))).toBeUndefined();
  expect(await destination.stat(checksumKey(folder))).toBeUndefined();
});

test('a manifest that somebody else put there is left as it is', async () => {
  const destination = await destinationWith(data);
  await destination.putNew(manifestKey(folder), Buffer.from('{}'), 'application/json');
  await expect(publishReport({ destination, folder, manifest })).rejects.toThrow(refused);
  expect(destination.objects.get(manifestKey(folder))?.bytes.toString()).toBe('{}');
});

test('beside a checksum that somebody else put there no manifest appears', async () => {
  const destination = await destinationWith(data);
  await destination.putNew(checksumKey(folder), Buffer.from('0'), 'text/plain');
  await expect(publishReport({ destination, folder, manifest })).rejects.toThrow(refused);
  expect(destination.objects.get(checksumKey(folder))?.bytes.toString()).toBe('0');
  expect(await destination.stat(manifestKey(folder))).toBeUndefined();
});
