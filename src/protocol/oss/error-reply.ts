/** An error as the wire shows it: a document, or for HEAD the same document in a header (protocol sheet, section 3.1). */

import { DomainError, type ErrorCode, type ErrorDetails } from '../../core/errors.ts';
import { storageFull } from '../../core/storage-full.ts';
import { node, renderXml, type XmlNode } from '../../core/xml.ts';
import type { HttpRequest, TextResponse } from '../../http/http-server.ts';
import { ERROR_TABLE } from './error-table.ts';
import { WireError } from './wire-error.ts';

const RECOMMEND = 'https://api.aliyun.com/troubleshoot?q=';

/** No name of a host is longer, but a Host header may be. */
const MAX_HOST_CHARACTERS = 255;

/** The longest document that goes into a header. Clients and proxies bound a response's headers, some to 8 KiB in all,
 *  and what we signed may be longer than that. */
const MAX_HEADER_DOCUMENT_BYTES = 4 * 1024;

/** What an error shows; a fault that we did not expect tells the client nothing of itself. */
export function errorReply(error: unknown, request: HttpRequest): TextResponse {
  const expected = markerRefusal(error, request) ?? expectedError(error);
  const { status, code, ec } = ERROR_TABLE[expected.code];
  const own = expected instanceof WireError ? expected.headers : {};
  // No error to HTTP: the client has what it asks for, and an answer without a body says so.
  if (status === 304) return { status, headers: own };
  const headers = { 'Content-Type': 'application/xml', ...(ec !== undefined && { 'x-oss-ec': ec }), ...own };
  const document = (details: DomainError['details']) =>
    renderXml(
      node('Error', [
        node('Code', code),
        node('Message', expected.message),
        node('RequestId', request.id),
        node('HostId', (request.headers.host ?? '').slice(0, MAX_HOST_CHARACTERS)),
        ...Object.entries(details).map(([name, value]) => detailNode(name, value)),
        ...(ec === undefined ? [] : [node('EC', ec), node('RecommendDoc', RECOMMEND + ec)]),
      ]),
    );
  const whole = document(expected.details);
  if (request.method !== 'HEAD') return { status, headers, body: whole };
  const fits = Buffer.byteLength(whole) <= MAX_HEADER_DOCUMENT_BYTES;
  const encoded = Buffer.from(fits ? whole : document({})).toString('base64');
  return { status, headers: { ...headers, 'x-oss-err': encoded } };
}

/** The code of the error that a request was answered with, in our own words. */
export function errorCodeOf(error: unknown): ErrorCode {
  return expectedError(error).code;
}

function detailNode(name: string, value: ErrorDetails[string]): XmlNode {
  if (typeof value === 'string') return node(name, value);
  return node(
    name,
    Object.entries(value).map(([below, text]) => node(below, text)),
  );
}

function expectedError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  const text = 'We encountered an internal error. Please try again; the server log has more.';
  return storageFull(error) ?? new DomainError('InternalError', text);
}

/** What can be done to a delete marker, whoever found that the request can't (protocol sheet, section 5.4). */
function markerRefusal(error: unknown, { method }: HttpRequest): WireError | undefined {
  if (!(error instanceof DomainError) || error.code !== 'DeleteMarkerNotAllowed') return undefined;
  const known = error instanceof WireError ? error.headers : {};
  return new WireError(error.code, error.message, {
    details: { Method: method, ResourceType: 'DeleteMarker', ...error.details },
    headers: { Allow: 'DELETE', 'x-oss-delete-marker': 'true', ...known },
  });
}
