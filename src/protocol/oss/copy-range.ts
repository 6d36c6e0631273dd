/** The header `x-oss-copy-source-range`: which bytes of an object become a part (protocol sheet, section 5.8). */

import { DomainError } from '../../core/errors.ts';
import { MAX_PUT_BYTES } from '../../core/limits.ts';
import { printable } from '../../core/printable.ts';
import type { HeaderFields } from '../../core/signed-request.ts';
import type { ByteRange } from '../../core/stored-object.ts';

const HEADER = 'x-oss-copy-source-range';

/**
 * The bytes that become the part; undefined for all of them. A range that reaches beyond the object is refused, because
 * nobody would notice a part that is another one than was asked for.
 */
export function copyRange(headers: HeaderFields, sizeBytes: number): ByteRange | undefined {
  const header = headers[HEADER];
  const range = header === undefined ? undefined : readRange(header, sizeBytes);
  const partBytes = range === undefined ? sizeBytes : range.end - range.start;
  if (partBytes <= MAX_PUT_BYTES) return range;
  throw new DomainError(
    'EntityTooLarge',
    `The part would have ${partBytes} bytes where at most ${MAX_PUT_BYTES} are accepted; ${HEADER} takes some of the source.`,
  );
}

function readRange(header: string, sizeBytes: number): ByteRange {
  const shown = printable(header);
  const [, first, last] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header.trim()) ?? [];
  const start = Number(first);
  const end = last === '' ? sizeBytes : Number(last) + 1;
  if (first === undefined || (last !== '' && end <= start)) {
    throw new DomainError('InvalidArgument', `${HEADER} is "${shown}" where bytes=first-last is accepted.`, {
      ArgumentName: HEADER,
      ArgumentValue: shown,
    });
  }
  if (start < sizeBytes && end <= sizeBytes) return { start, end };
  throw new DomainError('InvalidRange', `${HEADER} is "${shown}" where the source has ${sizeBytes} bytes.`, {
    ActualObjectSize: String(sizeBytes),
    RangeRequested: shown,
  });
}
