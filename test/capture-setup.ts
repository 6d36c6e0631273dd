/** Makes the folder in which the output of a test run is kept, and removes it when the run is over. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export default function setup(): () => void {
  const folder = mkdtempSync(path.join(tmpdir(), 'stocktake-output-'));
  process.env.TEST_CAPTURE = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
