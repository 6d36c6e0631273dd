/** What the audit log says of every request, whatever it was about. */

import type { AuditEntry, AuditIdentity } from '../core/audit.ts';
import { DomainError } from '../core/errors.ts';
import { type HeaderFields, headerValue } from '../core/signed-request.ts';
import { withoutUndefined } from '../core/without-undefined.ts';
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

/** An identity as the audit log names it: no policies, and no secret. */
function auditIdentity(identity: Identity): AuditIdentity {
  switch (identity.kind) {
    case 'anonymous':
      return { kind: 'anonymous' };
    case 'root':
      return { kind: 'root', accountId: identity.accountId, accessKeyId: identity.accessKeyId };
    case 'user': {
      const { accountId, name, accessKeyId } = identity;
      return { kind: 'user', accountId, name, accessKeyId };
    }
    case 'session': {
      const { accountId, roleName: name, sessionName: session, accessKeyId } = identity;
      return { kind: 'session', accountId, name, session, ...(accessKeyId !== undefined && { accessKeyId }) };
    }
  }
}
