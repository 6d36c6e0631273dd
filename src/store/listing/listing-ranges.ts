/** What the listings of objects, versions and uploads have in common: prefixes, delimiters and markers, as bytes. */

import { afterPrefix, startsWith } from '../../core/object-key.ts';

export interface Grouping {
  readonly prefix: Buffer;
  readonly delimiter: Buffer;
}

export function groupingOf({ prefix, delimiter }: { readonly prefix: string; readonly delimiter: string }): Grouping {
  return { prefix: Buffer.from(prefix), delimiter: Buffer.from(delimiter) };
}

/** What a key is rolled up into: all of it up to the first delimiter behind the prefix, if there is one. */
export function commonPrefixOf(key: Buffer, { prefix, delimiter }: Grouping): Buffer | undefined {
  if (delimiter.length === 0) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.subarray(0, at + delimiter.length);
}

/** Where a page goes on whose marker lies inside a common prefix, or is one: behind all of it. Else undefined. */
export function skippedPrefix(marker: Buffer, grouping: Grouping): Uint8Array | undefined {
  const common = startsWith(marker, grouping.prefix) ? commonPrefixOf(marker, grouping) : undefined;
  return common && afterPrefix(common);
}
