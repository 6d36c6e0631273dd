/** Names for requests, in the form of the original's (protocol sheet, section 3.2). */

import { randomFillSync } from 'node:crypto';

const RANDOM_BYTES = 8;
/** Random bytes in store: drawing them one name at a time costs more than all else that a name takes. */
const drawn = Buffer.alloc(1024 * RANDOM_BYTES);
let used = drawn.length;

/** 24 upper-case hex digits: Unix seconds in eight, then 16 at random. */
export function newRequestId(nowMs: number): string {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  const random = drawn.toString('hex', used, used + RANDOM_BYTES);
  used += RANDOM_BYTES;
  const seconds = Math.floor(nowMs / 1000).toString(16);
  return `${seconds.padStart(8, '0')}${random}`.toUpperCase();
}
