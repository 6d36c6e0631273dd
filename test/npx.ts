/** An `npx` for a folder in which a document's lines are run. */

import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** It starts the sources, whatever package it is told: the real one would look for one around the folder. */
export async function writeNpx(folder: string): Promise<void> {
  const file = path.join(folder, 'npx');
  const command = path.join(import.meta.dirname, 'command.ts');
  await writeFile(file, `#!/bin/sh\nshift\nexec "${process.execPath}" "${command}" "$@"\n`);
  await chmod(file, 0o755);
}
