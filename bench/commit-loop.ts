/**
 * What durable storage of 4 KiB costs at best with so many writers in flight, all of whose bytes go into one commit: a
 * synchronous loop of system calls without a server, a queue or an index to think about.
 *
 * The commit loop makes the calls that strace shows of one commit of our index (LMDB without a writable map): one
 * `pwrite` for each index page that changed, one for the new bodies, which lie together at the end of the file, an
 * `fdatasync`, and the new root: 128 bytes through a descriptor opened with `O_DSYNC`, so a second sync. A body of
 * 4 KiB takes two pages there, because a page begins with a header. Pages of the index are written where older
 * versions of them lay, as copying on write comes to do.
 *
 * The append loop is the least that any store could do: the bare bytes at the end of a file and one `fdatasync`.
 */

import { closeSync, constants, fdatasyncSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Figures } from './figures.ts';
import { latencyFigures } from './latency.ts';
import { BODY_BYTES, type Load } from './put-load.ts';

const PAGE_BYTES = 4096;
const PAGES_PER_BODY = 2;
/** Changed by a commit, whatever its size: a path down each tree that it writes to. Seen: 8 to 10. */
const INDEX_PAGES_PER_COMMIT = 9;
/** Where the pages of the index lie in the loop's file. */
const INDEX_PAGES = 1024;
const ROOT_BYTES = 128;
/** Apart from each other, because a commit's pages are. */
const INDEX_STRIDE = 37;

export function commitLoop(folder: string, { connections, seconds }: Load): Figures {
  const file = path.join(folder, 'commits');
  const data = openSync(file, 'w');
  const root = openSync(file, constants.O_WRONLY | constants.O_DSYNC);
  const page = Buffer.alloc(PAGE_BYTES, 1);
  const bodies = Buffer.alloc(connections * PAGES_PER_BODY * PAGE_BYTES, 2);
  const rootBytes = Buffer.alloc(ROOT_BYTES, 3);
  let end = writeSync(data, Buffer.alloc(INDEX_PAGES * PAGE_BYTES), 0, INDEX_PAGES * PAGE_BYTES, 0);
  fdatasyncSync(data);

  let written = 0;
  const figures = repeat(seconds, connections, () => {
    for (let i = 0; i < INDEX_PAGES_PER_COMMIT; i++) {
      // The first two pages are for the roots.
      const place = 2 + ((written++ * INDEX_STRIDE) % (INDEX_PAGES - 2));
      writeSync(data, page, 0, PAGE_BYTES, place * PAGE_BYTES);
    }
    end += writeSync(data, bodies, 0, bodies.length, end);
    fdatasyncSync(data);
    writeSync(root, rootBytes, 0, ROOT_BYTES, 0);
  });
  closeSync(data);
  closeSync(root);
  return figures;
}

export function appendLoop(folder: string, { connections, seconds }: Load): Figures {
  const data = openSync(path.join(folder, 'appends'), 'w');
  const bodies = Buffer.alloc(connections * BODY_BYTES, 2);
  let end = 0;
  const figures = repeat(seconds, connections, () => {
    end += writeSync(data, bodies, 0, bodies.length, end);
    fdatasyncSync(data);
  });
  closeSync(data);
  return figures;
}

/** Commits until the time is up; each answers so many writers. */
function repeat(seconds: number, writers: number, commit: () => void): Figures {
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  let now = startedAt;
  while (now < startedAt + seconds * 1000) {
    const before = now;
    commit();
    now = performance.now();
    latenciesMs.push(now - before);
  }
  const perSecond = (latenciesMs.length * writers) / ((now - startedAt) / 1000);
  return { perSecond, ...latencyFigures(latenciesMs) };
}
