import type { AuditIdentity } from '../core/audit.ts';
import type { Identity } from './identity.ts';

/** An identity as the audit log names it: no policies, and no secret. */
export function auditIdentity(identity: Identity): AuditIdentity {
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
