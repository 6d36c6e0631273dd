/** A folder of files for the `import` command, and what objects they become. */

import { mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bodyOf, factsOf, type ObjectFacts, sizeOf } from './object-facts.ts';
import type { Random } from './random.ts';

const IMPORT_FILES = 100;

export async function makeImportFolder(folder: string, random: Random): Promise<Map<string, ObjectFacts>> {
  await mkdir(folder);
  const files = new Map<string, ObjectFacts>();
  for (let index = 0; index < IMPORT_FILES; index++) {
    const name = `file ${index}`;
    const bytes = bodyOf(name, sizeOf(random));
    const file = path.join(folder, name);
    await writeFile(file, bytes);
    await utimes(file, index, index);
    files.set(name, factsOf(bytes, { origin: `mtime ${index}.000`, encryption: '', tags: '' }));
  }
  return files;
}
