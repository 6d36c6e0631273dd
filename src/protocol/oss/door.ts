/** What the door has to know of this wire: how a refusal of its own reads, and which headers have one value. */

import type { DomainError } from '../../core/errors.ts';
import type { HttpRequest, TextResponse } from '../../http/http-server.ts';
import { errorReply } from './error-reply.ts';

/** The response to a request that the door refuses; all that is known of it may be its id. */
export function doorRefusal(error: DomainError, request: HttpRequest): TextResponse {
  const reply = errorReply(error, request);
  return { ...reply, headers: { Server: 'AliyunOSS', 'x-oss-request-id': request.id, ...reply.headers } };
}

/** Metadata may be repeated, and is a list then. */
export function isSingleHeader(name: string): boolean {
  return name.startsWith('x-oss-') && !name.startsWith('x-oss-meta-');
}
