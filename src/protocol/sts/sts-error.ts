/** What STS refuses with: status, code and text of its wire (docs/reference/sts.md), which are not those of OSS. */

import { DomainError, type ErrorCode } from '../../core/errors.ts';

export class StsError extends Error {
  readonly status: number;
  readonly code: string;
  /** Follows the message in the answer, and goes no further: it may hold a token. */
  readonly shownToClient: string;

  constructor(status: number, code: string, message: string, shownToClient = '') {
    super(message);
    this.name = 'StsError';
    this.status = status;
    this.code = code;
    this.shownToClient = shownToClient;
  }
}

/** A parameter that has to be there and isn't. */
export function missingParameter(name: string): StsError {
  return new StsError(400, `Missing${name}`, `${name} is mandatory for this action.`);
}

/** Errors of rooms below that a request can bring about. Where no text stands, theirs does. */
const KNOWN: Partial<Record<ErrorCode, readonly [status: number, code: string, message?: string]>> = {
  InvalidArgument: [400, 'InvalidParameter'],
  IncompleteBody: [400, 'InvalidParameter'],
  InvalidAccessKeyId: [404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.'],
  AccessKeyDisabled: [400, 'InvalidAccessKeyId.Inactive', 'Specified access key is disabled.'],
  UserDisabled: [400, 'InvalidAccessKeyId.Inactive'],
  InvalidSecurityToken: [400, 'InvalidSecurityToken.Malformed', 'Specified SecurityToken is malformed.'],
  SecurityTokenExpired: [400, 'InvalidSecurityToken.Expired', 'Specified SecurityToken is expired.'],
  SecurityTokenMismatch: [
    400,
    'InvalidSecurityToken.MismatchWithAccessKey',
    'Specified SecurityToken mismatch with the AccessKey.',
  ],
};

/** The error as STS tells it; one that no request should bring about tells nothing of itself. */
export function asStsError(error: unknown): StsError {
  if (error instanceof StsError) return error;
  const known = error instanceof DomainError ? KNOWN[error.code] : undefined;
  if (known === undefined || !(error instanceof DomainError)) {
    return new StsError(500, 'InternalError', 'STS Server Internal Error happened.');
  }
  const [status, code, message = error.message] = known;
  return new StsError(status, code, message);
}
