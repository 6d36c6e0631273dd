/** Files that hold a secret: read only once it is clear that nobody else can. */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

export interface GuardedFile {
  readonly file: string;
  /** What it is to a person, as in `key file`. */
  readonly what: string;
  /** The flag that names another. */
  readonly flag: string;
  readonly maxBytes: number;
}

/** The text of the file, or its beginning when it is longer; undefined when there is none. */
export function readGuardedFile({ file, what, flag, maxBytes }: GuardedFile): string | undefined {
  let fd: number;
  try {
    // A pipe without a writer must not hold up the start.
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new Error(`The ${what} "${file}" can't be read: ${(cause as Error).message}`, { cause });
  }
  try {
    const status = fstatSync(fd);
    if (!status.isFile()) throw new Error(`The ${what} "${file}" is no regular file. Name another with ${flag}.`);
    if ((status.mode & 0o077) !== 0) {
      const mode = (status.mode & 0o777).toString(8).padStart(4, '0');
      throw new Error(
        `The ${what} "${file}" has mode ${mode}, so that others than its owner have access. Run: chmod 600 "${file}"`,
      );
    }
    const bytes = Buffer.alloc(maxBytes);
    return bytes.toString('utf8', 0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}
