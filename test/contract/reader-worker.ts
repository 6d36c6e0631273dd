/** A worker thread around one reader of a source, as the engine's are: it imports the module and does as it is told. */

import { parentPort, workerData } from 'node:worker_threads';
import type { ReaderModule, SourceModule } from '../../src/inventory/source.ts';
import { recordAt } from '../record-at.ts';
import type { ReaderReply, ReaderTask, Row } from './reader-thread.ts';

const { module, options } = workerData as ReaderModule;
const { openReader } = (await import(module)) as SourceModule;
const reader = await openReader(options);

async function perform(task: ReaderTask): Promise<Partial<ReaderReply>> {
  switch (task.kind) {
    case 'begin':
      return { facts: await reader.begin() };
    case 'split':
      return { keys: await reader.split(task.range, task.rowsPerPart) };
    case 'scan':
      return await scan(task);
    case 'close':
      await reader.close();
      return {};
  }
}

/** Reads the range to its end, or `maxBatches` batches of it. */
async function scan({ range, limit, maxBatches }: ReaderTask & { kind: 'scan' }) {
  const scan = reader.scan(range);
  const rows: Row[] = [];
  const counts: number[] = [];
  while (counts.length < maxBatches) {
    const count = await scan.read(limit, (keys, keyStart, keyEnd, records, recordStart) => {
      const key = Buffer.from(keys.slice(keyStart, keyEnd)).toString();
      rows.push({ key, record: recordAt(records, recordStart) });
    });
    counts.push(count);
    if (count === 0) break;
  }
  return { rows, counts };
}

parentPort?.on('message', (task: ReaderTask) => {
  perform(task).then(
    (reply) => parentPort?.postMessage(reply),
    (error: unknown) => parentPort?.postMessage({ error }),
  );
});
