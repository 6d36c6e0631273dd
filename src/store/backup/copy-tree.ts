/** Copies folders with all that is in them, durably. */

import { mkdir, opendir } from 'node:fs/promises';
import path from 'node:path';
import { syncFolder } from '../bodies/body-files.ts';
import { type CopyFilesOptions, copyFilesDurably } from './copy-file.ts';

/** Copies what is in `from` into the folder `to`, which is made. Anything but files and folders is refused. */
export async function copyTree(from: string, to: string, options: CopyFilesOptions): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  const files: { from: string; to: string }[] = [];
  for await (const entry of await opendir(from)) {
    const pair = { from: path.join(from, entry.name), to: path.join(to, entry.name) };
    if (entry.isDirectory()) await copyTree(pair.from, pair.to, options);
    else if (entry.isFile()) files.push(pair);
    else throw new Error(`"${pair.from}" is neither a file nor a folder.`);
  }
  await copyFilesDurably(files, options);
  await syncFolder(to);
}
