/** The disk below a folder: how much room it has, and whether it takes a write. */

import { open, rm, statfs } from 'node:fs/promises';
import path from 'node:path';

export interface DiskRoom {
  readonly sizeBytes: number;
  /** What is left for this process, without what the system keeps for itself. */
  readonly freeBytes: number;
}

export async function diskRoom(folder: string): Promise<DiskRoom> {
  const { bsize, blocks, bavail } = await statfs(folder);
  return { sizeBytes: bsize * blocks, freeBytes: bsize * bavail };
}

/** One block of most file systems, so that a disk which is full has none for it. */
const PROBE = Buffer.alloc(4096, 1);

/** Writes a block into the folder and takes it away again; throws what the disk says. */
export async function assertTakesWrites(folder: string): Promise<void> {
  const file = path.join(folder, 'write-probe');
  try {
    const handle = await open(file, 'w', 0o600);
    try {
      await handle.write(PROBE);
      // Where blocks are found when they are written out, a full disk says so only here.
      await handle.sync();
    } finally {
      await handle.close();
    }
  } finally {
    await rm(file, { force: true });
  }
}
