/** Parameters that the listings share, and how names are written in their answers (protocol sheet, section 5.6). */

import { DomainError } from '../../../core/errors.ts';
import { printable } from '../../../core/printable.ts';
import { encodeComponent } from '../../../core/request-target.ts';
import { node, type XmlNode } from '../../../core/xml.ts';
import type { Exchange } from '../operation.ts';

/** Of a prefix, a marker or a delimiter: a key is never longer. */
export const MAX_PARAMETER_BYTES = 1023;

/** A parameter of text; empty when it is absent. */
export function textParameter({ query }: Pick<Exchange, 'query'>, name: string): string {
  const value = query.get(name) ?? '';
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_PARAMETER_BYTES) {
    throw badParameter(name, value, `it has ${bytes} bytes where at most ${MAX_PARAMETER_BYTES} are accepted`);
  }
  return value;
}

export interface NameEncoding {
  /** XML 1.0 can't carry every key, so clients may ask for percent-encoding. */
  readonly text: (name: string) => string;
  /** The element that tells the client to decode; none unless it asked. */
  readonly nodes: readonly XmlNode[];
}

/** How the client wants names written, by `encoding-type`. */
export function nameEncoding({ query }: Pick<Exchange, 'query'>): NameEncoding {
  const encoding = query.get('encoding-type') ?? '';
  if (encoding === '') return { text: (name) => name, nodes: [] };
  if (encoding === 'url') return { text: encodeComponent, nodes: [node('EncodingType', encoding)] };
  throw badParameter('encoding-type', encoding, 'only "url" is accepted');
}

export function commonPrefixNodes(prefixes: readonly string[], { text }: NameEncoding): XmlNode[] {
  return prefixes.map((prefix) => node('CommonPrefixes', [node('Prefix', text(prefix))]));
}

export function badParameter(name: string, value: string, why: string): DomainError {
  const shown = printable(value);
  return new DomainError('InvalidArgument', `Argument ${name} is not valid: ${why}; it is "${shown}".`, {
    ArgumentName: name,
    ArgumentValue: shown,
  });
}
