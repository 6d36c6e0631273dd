/** What the audit log says of every request, whatever it was about. */

import type { AuditEntry } from '../core/audit.ts';
import { DomainError } from '../core/errors.ts';
import { type HeaderFields, headerValue } from '../core/signed-request.ts';
import { withoutUndefined } from '../core/without-undefined.ts';
import { auditIdentity } from './audit-identity.ts';
import type { Identity } from './identity.ts';

export interface AuditedRequest {
  readonly id: string;
  readonly headers: HeaderFields;
  readonly sourceIp: string;
}

/** Who asked, from where; without a proven identity, who the error says that the request claims to be from. */
export function auditedRequest(
  { id, headers, sourceIp }: AuditedRequest,
  identity: Identity | undefined,
  error?: unknown,
): Pick<AuditEntry, 'requestId' | 'identity' | 'claimedAccessKeyId' | 'sourceIp' | 'userAgent'> {
  return {
    requestId: id,
    ...withoutUndefined({
      identity: identity && auditIdentity(identity),
      claimedAccessKeyId: identity === undefined ? claimOf(error) : undefined,
      sourceIp,
      userAgent: headerValue(headers, 'user-agent'),
    }),
  };
}

/** The key that a request names which was signed with another secret, or with none that is known. */
function claimOf(error: unknown): string | undefined {
  const { OSSAccessKeyId: id } = error instanceof DomainError ? error.details : {};
  return typeof id === 'string' ? id : undefined;
}
