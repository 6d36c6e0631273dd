/** The header `x-oss-copy-source`: which object is copied (protocol sheet, section 5.7). */

import { assertLegalBucketName } from '../../core/bucket.ts';
import { DomainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { decodePath, parseQuery } from '../../core/request-target.ts';
import type { ObjectAddress } from '../../core/stored-object.ts';
import { versionParameter } from './object-address.ts';

export const COPY_SOURCE = 'x-oss-copy-source';

/** Reads `/bucket/key[?versionId=…]`, percent-encoded, with or without the slash before it. */
export function parseCopySource(header: string): ObjectAddress {
  const [path = '', ...rest] = header.split('?');
  // Go's SDK writes a blank as `+`; a plus itself is `%2B` from every SDK.
  const decoded = decodePath(path.trim().replaceAll('+', ' ')).replace(/^\//, '');
  const slash = decoded.indexOf('/');
  const bucket = decoded.slice(0, Math.max(slash, 0));
  const key = decoded.slice(slash + 1);
  if (bucket === '' || key === '') {
    throw invalid(header, 'Copy Source must mention the source bucket and key: /sourcebucket/sourcekey.');
  }
  assertLegalBucketName(bucket);
  const query = parseQuery(rest.join('?').trim());
  if (query.pairs.some(([name]) => name !== 'versionId')) {
    throw invalid(
      header,
      `${COPY_SOURCE} has a query where versionId alone is accepted; a "?" of the key is written %3F.`,
    );
  }
  return { bucket, key, ...versionParameter(query) };
}

function invalid(header: string, message: string): DomainError {
  return new DomainError('InvalidArgument', message, { ArgumentName: COPY_SOURCE, ArgumentValue: printable(header) });
}
