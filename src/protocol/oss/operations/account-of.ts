import type { Identity } from '../../../access/identity.ts';
import { DomainError } from '../../../core/errors.ts';

/** The account in whose name somebody acts; who has none is refused. */
export function accountOf(identity: Identity): string {
  if (identity.kind !== 'anonymous') return identity.accountId;
  throw new DomainError('AnonymousForbidden', 'Anonymous access is forbidden for this operation.');
}
