/** Whether a write failed because there is no room: what people can mend, and so have to be told in words. */

import { DomainError } from './errors.ts';

/** Of Node and of SQLite. */
const FULL_CODES = new Set<unknown>(['ENOSPC', 'EDQUOT', 'EFBIG', 'SQLITE_FULL']);
/** Of lmdb, which gives bare numbers: ENOSPC, EFBIG, EDQUOT (Linux, macOS) and its own MDB_MAP_FULL. */
const FULL_NUMBERS = new Set<unknown>([28, 27, 122, 69, -30792]);

/** How many causes of an error are looked at. */
const MAX_CAUSES = 8;

/** The refusal to tell, when `error` comes of a disk that is full. It names no path of the server. */
export function storageFull(error: unknown): DomainError | undefined {
  let cause = error;
  for (let depth = 0; depth < MAX_CAUSES && cause instanceof Error; depth++) {
    if ('code' in cause && (FULL_CODES.has(cause.code) || FULL_NUMBERS.has(cause.code))) {
      const text = 'The server has no room left, so nothing was written. Make room on its disk, then try again.';
      return new DomainError('StorageFull', text, {}, { cause: error });
    }
    cause = cause.cause;
  }
  return undefined;
}
