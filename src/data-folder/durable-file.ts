/** Files that hold what can't be made again: they appear whole or not at all, and outlast a power loss. */

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Makes a file for the owner of the process alone; throws `EEXIST` rather than write over another. */
export function createFileDurably(file: string, text: string): void {
  const draft = `${file}.${randomBytes(6).toString('hex')}.new`;
  try {
    writeSynced(draft, text);
    // Unlike a rename, a link never takes the place of a file that came in between.
    linkSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolderNow(path.dirname(file));
}

/** Removes what processes left that were killed while they made the file: it may be the text of the file itself. */
export function removeDrafts(file: string): void {
  const [folder, name] = [path.dirname(file), path.basename(file)];
  for (const entry of entriesOf(folder)) {
    if (entry.startsWith(`${name}.`) && DRAFT.test(entry.slice(name.length))) rmSync(path.join(folder, entry));
  }
}

/** Where a folder can't be listed nothing is found; that is no reason to refuse the file in it. */
function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const DRAFT = /^\.[0-9a-f]{12}\.new$/;

function writeSynced(file: string, text: string): void {
  const fd = openSync(file, 'wx', 0o600);
  try {
    // Unlike a single write, this goes on until all of it is written.
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes the names in a folder outlast a power loss. */
export function syncFolderNow(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
