/**
 * A disk that is full, for one process, whoever runs it: from a limit on, the operating system refuses each write of a
 * file, and the process may be given room again while it runs.
 */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PRLIMIT = '/usr/bin/prlimit';

/** Linux alone has such limits for a process that runs already. */
export const canLimitFiles = existsSync(PRLIMIT);

/** No file of the process can be written to behind so many bytes. */
export function limitFiles(pid: number | undefined, bytes: number | 'unlimited'): void {
  execFileSync(PRLIMIT, ['--pid', String(pid), `--fsize=${bytes}:`]);
}
