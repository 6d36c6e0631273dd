import type { Statement } from '../core/policy.ts';
import { matchesWildcard } from '../core/wildcard.ts';
import type { Identity, SessionIdentity } from './identity.ts';

/**
 * Whether a statement of a bucket policy is about who asks (protocol sheet, section 4.3).
 *
 * The id of an account is the account itself. Its users and sessions are meant by a Deny too; an Allow hands the decision
 * on to their account, so that those of another one are let in as far as their own policies go, while those of the
 * owner's, who need nothing handed on, get nothing by it.
 */
export function isAboutIdentity({ principals, effect, conditions }: Statement, who: Identity, owner: string): boolean {
  if (principals === undefined) return false;
  const isOwner = who.kind === 'root' && who.accountId === owner;
  // Everybody is everybody but the owner, unless there is a condition.
  if (principals.isEveryone && (!isOwner || conditions.length > 0)) return true;
  if (who.kind === 'anonymous') return false;
  const meansItsAccount = who.kind === 'root' || effect === 'Deny' || who.accountId !== owner;
  return principals.names.some((name) => (meansItsAccount && name === who.accountId) || isNameOf(name, who));
}

function isNameOf(name: string, who: Exclude<Identity, { kind: 'anonymous' }>): boolean {
  if (who.kind === 'user') return name === who.userId;
  return who.kind === 'session' && matchesWildcard(name, sessionArn(who));
}

function sessionArn({ accountId, roleName, sessionName }: SessionIdentity): string {
  return `arn:sts::${accountId}:assumed-role/${roleName}/${sessionName}`;
}
