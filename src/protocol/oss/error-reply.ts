/** An error as the wire shows it: a document, or for HEAD the same document in a header (protocol sheet, section 3.1). */

import { DomainError } from '../../core/errors.ts';
import { node, renderXml } from '../../core/xml.ts';
import type { HttpRequest, HttpResponse } from '../../http/http-server.ts';
import { ERROR_TABLE } from './error-table.ts';

const RECOMMEND = 'https://api.aliyun.com/troubleshoot?q=';

/** No name of a host is longer, but a Host header may be. */
const MAX_HOST_CHARACTERS = 255;

/** The longest document that goes into a header. Clients and proxies bound a response's headers, some to 8 KiB in all,
 *  and what we signed may be longer than that. */
const MAX_HEADER_DOCUMENT_BYTES = 4 * 1024;

/** Details that become headers as well. */
const DETAIL_HEADERS: Readonly<Record<string, string>> = { Allow: 'Allow' };

/** What an error shows; a fault that we did not expect tells the client nothing of itself. */
export function errorReply(error: unknown, request: HttpRequest): HttpResponse {
  const expected =
    error instanceof DomainError
      ? error
      : new DomainError(
          'InternalError',
          'We encountered an internal error. Please try again; the server log has more.',
        );
  const { status, code, ec } = ERROR_TABLE[expected.code];
  const headers: Record<string, string> = { 'Content-Type': 'application/xml' };
  if (ec !== undefined) headers['x-oss-ec'] = ec;
  for (const [name, header] of Object.entries(DETAIL_HEADERS)) {
    const value = expected.details[name];
    if (value !== undefined) headers[header] = value;
  }
  const details = Object.entries(expected.details).filter(([name]) => DETAIL_HEADERS[name] === undefined);
  const document = (shown: typeof details) =>
    renderXml(
      node('Error', [
        node('Code', code),
        node('Message', expected.message),
        node('RequestId', request.id),
        node('HostId', (request.headers.host ?? '').slice(0, MAX_HOST_CHARACTERS)),
        ...shown.map(([name, value]) => node(name, value)),
        ...(ec === undefined ? [] : [node('EC', ec), node('RecommendDoc', RECOMMEND + ec)]),
      ]),
    );
  const whole = document(details);
  if (request.method !== 'HEAD') return { status, headers, body: whole };
  const fits = Buffer.byteLength(whole) <= MAX_HEADER_DOCUMENT_BYTES;
  const encoded = Buffer.from(fits ? whole : document([])).toString('base64');
  return { status, headers: { ...headers, 'x-oss-err': encoded } };
}
