import { mkdir, open, readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { bodyFilesIn, temporaryFolder } from '../../../test/store-fixture.ts';
import { armFailpoints } from '../../core/failpoint.ts';
import { BodyFiles } from './body-files.ts';

const IDS_PER_FOLDER = 4096;

afterEach(() => {
  vi.restoreAllMocks();
});

async function openFiles() {
  const folder = temporaryFolder();
  const files = await BodyFiles.open(folder);
  const publish = async (contentId: number) => {
    const staged = await files.stage(contentId);
    await staged.finish();
    await files.publish(contentId, staged.path);
  };
  return { folder, files, publish };
}

/** Calls `onSync` in each sync of a folder. */
async function watchSyncs(folder: string, onSync: () => Promise<void> | void) {
  const handle = await open(folder, 'r');
  await handle.close();
  const anyHandle = Object.getPrototypeOf(handle) as typeof handle;
  const { sync } = anyHandle;
  return vi.spyOn(anyHandle, 'sync').mockImplementation(async function (this: typeof handle) {
    await onSync();
    await sync.call(this);
  });
}

test('bodies are removed with one sync for each folder, after they were unlinked', async () => {
  const { folder, files, publish } = await openFiles();
  const ids = [1, 2, 3, IDS_PER_FOLDER, IDS_PER_FOLDER + 1];
  for (const id of [...ids, 4]) await publish(id);
  const left: number[] = [];
  const syncs = await watchSyncs(folder, async () => {
    left.push((await bodyFilesIn(folder)).length);
  });
  expect(await files.remove(ids)).toEqual({ removed: ids, failures: [] });
  expect(left).toEqual([1, 1]);
  expect(syncs).toHaveBeenCalledTimes(2);
});

test('a body that is gone already counts as removed, once its folder is synced', async () => {
  const { folder, files, publish } = await openFiles();
  await publish(1);
  const syncs = await watchSyncs(folder, () => undefined);
  expect(await files.remove([2, IDS_PER_FOLDER])).toEqual({ removed: [2, IDS_PER_FOLDER], failures: [] });
  expect(syncs).toHaveBeenCalledTimes(1); // The other folder is not there.
});

test('a body whose folder cannot be synced does not count as removed', async () => {
  const { folder, files, publish } = await openFiles();
  await publish(1);
  const broken = new Error('EIO');
  await watchSyncs(folder, () => Promise.reject(broken));
  expect(await files.remove([1])).toEqual({ removed: [], failures: [broken] });
});

test('a body that cannot be removed does not keep its neighbours', async () => {
  const { folder, files, publish } = await openFiles();
  for (const id of [1, 2]) await publish(id);
  const [span = ''] = await readdir(path.join(folder, 'bodies'));
  const [first = ''] = (await readdir(path.join(folder, 'bodies', span))).sort();
  await unlink(path.join(folder, 'bodies', span, first));
  await mkdir(path.join(folder, 'bodies', span, first)); // A folder cannot be unlinked, not even by root.
  expect(await files.remove([1, 2])).toEqual({ removed: [2], failures: [expect.objectContaining({ code: 'EISDIR' })] });
});

test('a discarded body is gone for good, or the discard fails', async () => {
  const { folder, files, publish } = await openFiles();
  await publish(1);
  await watchSyncs(folder, () => Promise.reject(new Error('EIO')));
  await expect(files.discard(1, path.join(folder, 'staging', 'none'))).rejects.toThrow('EIO');
});

test('only the newest folders are remembered, however many there are', async () => {
  const { folder, publish } = await openFiles();
  for (let span = 0; span < 20; span++) await publish(span * IDS_PER_FOLDER);
  const syncs = await watchSyncs(folder, () => undefined);
  const syncsOf = async (contentId: number) => {
    syncs.mockClear();
    await publish(contentId);
    return syncs.mock.calls.length;
  };
  expect(await syncsOf(19 * IDS_PER_FOLDER + 1)).toBe(1);
  expect(await syncsOf(1)).toBe(2); // It made sure of the folder again.
  expect(await syncsOf(19 * IDS_PER_FOLDER + 2)).toBe(1);
});

test('of thousands of bodies few are unlinked at once, so that others who use the disk get their turn', async () => {
  const { files } = await openFiles();
  onTestFinished(() => armFailpoints(undefined));
  let begun = 0;
  armFailpoints((point) => {
    if (point === 'removal.unlink') begun++;
  });
  const ids = Array.from({ length: 1000 }, (_, n) => n + 1);
  const unlinked = files.unlink(ids);
  expect(begun).toBe(64);
  expect(await unlinked).toEqual({ removed: ids, failures: [] });
  expect(begun).toBe(1000);
});
