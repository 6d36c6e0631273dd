/** The XML body of a request that sets something: bounded, held against its Content-MD5, and of the kind it must be. */

import { DomainError, type ErrorCode } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { parseXml, type XmlElement, type XmlLimits } from '../../core/xml.ts';
import type { HttpRequest } from '../../http/http-server.ts';
import { readBody } from '../../http/read-body.ts';
import { checkMd5 } from './content-md5.ts';

/** A setting takes a few hundred bytes, or a few thousand with twenty tags; the rest is room for comments and blanks. */
const SETTING_LIMITS: XmlLimits = { maxBytes: 64 * 1024, maxDepth: 16, maxElements: 1_000 };

/** The root of the body, which has to be `root`. Throws `MalformedXml` for anything else. */
export async function readSetting(request: HttpRequest, root: string): Promise<XmlElement> {
  return parseDocument(await readDocumentBytes(request, SETTING_LIMITS.maxBytes), root, SETTING_LIMITS);
}

/** The bytes of the body; more than `maxBytes` are `malformed`. */
export async function readDocumentBytes(
  request: HttpRequest,
  maxBytes: number,
  malformed: ErrorCode = 'MalformedXml',
): Promise<Buffer> {
  const body = await readBody(request, maxBytes);
  if (body === undefined) {
    throw new DomainError(malformed, `The body is longer than the ${maxBytes} bytes that are accepted.`);
  }
  checkMd5(request.headers, body);
  return body;
}

/** The root of a document; namespaces are passed over, as are elements that nobody asks for. */
export function parseDocument(bytes: Uint8Array, root: string, limits: XmlLimits): XmlElement {
  const element = parseXml(bytes, limits);
  if (element.name === root) return element;
  throw new DomainError('MalformedXml', `The root element is "${printable(element.name)}" where ${root} is accepted.`);
}
