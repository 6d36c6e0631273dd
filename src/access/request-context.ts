import { type HeaderFields, headerValue } from '../core/signed-request.ts';
import type { RequestContext } from './access.ts';

interface Request {
  readonly sourceIp: string;
  readonly isSecure: boolean;
  readonly headers: HeaderFields;
}

/** The circumstances of any request, whatever it asks for. */
export function requestContext({ sourceIp, isSecure, headers }: Request, nowMs: number): RequestContext {
  const userAgent = headerValue(headers, 'user-agent');
  return { nowMs, sourceIp, isSecure, ...(userAgent !== undefined && { userAgent }) };
}
