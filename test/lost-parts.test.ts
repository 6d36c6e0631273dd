import { mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type App, startApp } from '../src/app.ts';
import { loadSettings } from '../src/config.ts';
import { checkDataFolder } from '../src/data-folder/offline-folder.ts';
import { testLog } from './captured-output.ts';
import { bodyFilesIn, bytesOf, openStore, photos, put, temporaryFolder } from './store-fixture.ts';

const start = (data: string): Promise<App> =>
  startApp({ settings: loadSettings({ data, port: 0 }, {}), log: testLog() });

/** A data folder that a server made, with one object whose body is a file. */
async function usedFolder(): Promise<string> {
  const data = path.join(temporaryFolder(), 'data');
  await (await start(data)).close();
  const store = await openStore(path.join(data, 'store'));
  await store.createBucket(photos);
  await put(store, 'long', bytesOf(100_000));
  await store.close();
  return data;
}

const index = (data: string) => path.join(data, 'store', 'index', 'data.mdb');

test.each<[string, (data: string) => Promise<void>, string, string]>([
  [
    'a folder that lost its index',
    (data) => rm(path.dirname(index(data)), { recursive: true }),
    'the index',
    'index-lost',
  ],
  ['a folder whose index is empty', (data) => truncate(index(data), 0), 'It was the index', 'index-lost'],
  ['a folder whose index was cut', (data) => truncate(index(data), 8192), 'was cut: it has 8192 bytes', 'index-lost'],
  ['a folder whose index is a stub', (data) => truncate(index(data), 100), 'has 100 bytes', 'index-lost'],
  [
    'a folder whose index is something else',
    (data) => writeFile(index(data), bytesOf(65_536)),
    'does not begin as an index does',
    'index-lost',
  ],
  [
    'a folder that lost its control database',
    (data) => rm(path.join(data, 'control.sqlite')),
    'the control database',
    'control-damaged',
  ],
])('%s is refused at every start, keeps its bodies, and is a finding of a check', async (_, lose, what, finding) => {
  const data = await usedFolder();
  const bodies = await bodyFilesIn(path.join(data, 'store'));
  expect(bodies).toHaveLength(1);
  await lose(data);
  for (let attempt = 1; attempt <= 2; attempt++) await expect(start(data)).rejects.toThrow(what);
  expect(await bodyFilesIn(path.join(data, 'store'))).toEqual(bodies);
  const kinds: string[] = [];
  await checkDataFolder(data, {
    withBodies: false,
    keyFile: path.join(data, 'encryption-key.json'),
    needsKeyFile: false,
    onFinding: ({ kind }) => void kinds.push(kind),
  });
  expect(kinds).toContain(finding);
});

test('a first start that was killed between its two databases goes on', async () => {
  const data = path.join(temporaryFolder(), 'data');
  await (await start(data)).close();
  await rm(path.join(data, 'store'), { recursive: true });
  const app = await start(data);
  onTestFinished(() => app.close());
  expect(app.isFirstStart).toBe(false);
});

test('what is no body among the bodies stops no start', async () => {
  const data = await usedFolder();
  const bodies = path.join(data, 'store', 'bodies');
  await writeFile(path.join(bodies, 'zzz'), 'x');
  await mkdir(path.join(bodies, 'zzzz'));
  await writeFile(path.join(bodies, 'zzzz', 'ffffffffffffffffffff'), 'x');
  await (await start(data)).close();
  const app = await start(data);
  onTestFinished(() => app.close());
  expect(await bodyFilesIn(path.join(data, 'store'))).toHaveLength(3);
});
