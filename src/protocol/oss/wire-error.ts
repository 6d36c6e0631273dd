/** An expected failure whose answer carries headers of its own beside the document. */

import { DomainError, type ErrorCode, type ErrorDetails } from '../../core/errors.ts';

export interface WireFacts {
  readonly details?: ErrorDetails;
  readonly headers: Readonly<Record<string, string>>;
}

export class WireError extends DomainError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, { details, headers }: WireFacts) {
    super(code, message, details);
    this.headers = headers;
  }
}

/** The same failure, with headers. */
export function withHeaders({ code, message, details }: DomainError, headers: WireFacts['headers']): WireError {
  return new WireError(code, message, { details, headers });
}
