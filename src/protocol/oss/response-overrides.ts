/** `response-content-type` and its kin: headers that a client wants in the answer to a read (protocol sheet, section 5.4). */

import { DomainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { Query } from '../../core/request-target.ts';

/** Room for a file name in two encodings; six of them still fit what clients take as headers. */
const MAX_VALUE_BYTES = 2048;

const HEADERS: Readonly<Record<string, string>> = {
  'response-content-type': 'Content-Type',
  'response-content-language': 'Content-Language',
  'response-content-disposition': 'Content-Disposition',
  'response-content-encoding': 'Content-Encoding',
  'response-cache-control': 'Cache-Control',
  'response-expires': 'Expires',
};

/** Refuses them to anonymous callers: who may send a link to an object must not choose what a browser makes of it. */
export function refuseAnonymousOverrides(query: Query): void {
  const name = Object.keys(HEADERS).find((each) => query.has(each));
  if (name === undefined) return;
  throw new DomainError(
    'AnonymousOverride',
    'Request specific response headers cannot be used for anonymous GET requests.',
    { ArgumentName: name },
  );
}

/** The headers that the query asks for, to stand over those of the object. An empty value asks for nothing. */
export function readOverrides(query: Query): Record<string, string> {
  const overrides: Record<string, string> = {};
  for (const [name, header] of Object.entries(HEADERS)) {
    const value = query.get(name);
    if (value === undefined) continue;
    if (value !== '') overrides[header] = headerText(name, value);
  }
  return overrides;
}

/** One character per byte of UTF-8, as headers are. A line feed would begin a header of the client's own. */
function headerText(name: string, value: string): string {
  const bytes = Buffer.from(value);
  const details = { ArgumentName: name, ArgumentValue: printable(value) };
  if (bytes.length > MAX_VALUE_BYTES) {
    throw new DomainError(
      'InvalidArgument',
      `${name} has ${bytes.length} bytes where at most ${MAX_VALUE_BYTES} are accepted.`,
      details,
    );
  }
  if (!/\p{Cc}/u.test(value)) return bytes.toString('latin1');
  throw new DomainError(
    'InvalidArgument',
    `${name} is "${printable(value)}", which holds a control character.`,
    details,
  );
}
