/** The embedded store behind its HTTP door: durable small writes, listings, and memory under many long uploads. */

import { statfs } from 'node:fs/promises';
import type { Contest } from './figures.ts';
import type { BenchFlags, StorePart } from './flags.ts';
import { benchList } from './store-list.ts';
import { benchPut } from './store-put.ts';
import { benchStreams } from './store-streams.ts';

const PARTS: Readonly<Record<StorePart, (flags: BenchFlags) => AsyncIterable<Contest>>> = {
  put: benchPut,
  list: benchList,
  streams: benchStreams,
};

/** What `statfs` calls a file system in memory. */
const TMPFS = 0x01021994;

export async function* benchStore(flags: BenchFlags): AsyncGenerator<Contest> {
  if (process.platform !== 'linux') throw new Error("The store's figures of processor time and memory need Linux.");
  const { type } = await statfs(flags.folder);
  if (type === TMPFS) {
    throw new Error(`"${flags.folder}" lies in memory, where a sync costs nothing. Name a folder on a disk: --folder.`);
  }
  for (const part of flags.only) yield* PARTS[part](flags);
}
