/**
 * Programs of Debian packages. One that is installed is taken as it is; else its package is fetched and unpacked into a
 * folder for this run, which needs no root and starts no service. Where that can't be done the check fails and says what
 * to install: nothing is skipped.
 */

import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The folders of packages that were unpacked, by the name of the package. */
const unpacked = new Map<string, Promise<string>>();

/** The path of a program, as in `debianTool('promtool', 'prometheus')`. */
export async function debianTool(program: string, debianPackage: string): Promise<string> {
  const installed = await findIn((process.env.PATH ?? '').split(path.delimiter), program);
  if (installed !== undefined) return installed;
  let folder = unpacked.get(debianPackage);
  if (folder === undefined) {
    folder = unpack(debianPackage);
    unpacked.set(debianPackage, folder);
  }
  const found = await findIn([path.join(await folder, 'usr', 'bin')], program);
  if (found !== undefined) return found;
  throw new Error(`The Debian package "${debianPackage}" holds no program "${program}".`);
}

/** Removes what was unpacked. */
export async function removeUnpacked(): Promise<void> {
  for (const folder of unpacked.values()) {
    // One that could not be unpacked has told the check that wanted it.
    const made = await folder.catch(() => undefined);
    if (made !== undefined) await rm(made, { recursive: true, force: true });
  }
}

async function unpack(debianPackage: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'stocktake-system-'));
  try {
    const content = path.join(folder, 'content');
    await mkdir(content);
    await run('apt-get', ['download', debianPackage], { cwd: folder });
    const file = (await readdir(folder)).find((name) => name.endsWith('.deb'));
    if (file === undefined) throw new Error('apt-get downloaded no package');
    await run('dpkg-deb', ['--extract', path.join(folder, file), content]);
    return content;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    const text = `The Debian package "${debianPackage}" is needed, and could not be fetched. Install it: apt-get install ${debianPackage}`;
    throw new Error(text, { cause: error });
  }
}

async function findIn(folders: readonly string[], program: string): Promise<string | undefined> {
  for (const folder of folders) {
    const file = path.join(folder, program);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}
