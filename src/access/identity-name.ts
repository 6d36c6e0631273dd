import { printable } from '../core/printable.ts';
import type { Identity } from './identity.ts';

/** Who it is, in names for people of the same account: no key and no secret. */
export function identityName(identity: Identity): string {
  switch (identity.kind) {
    case 'anonymous':
      return 'somebody who signed nothing';
    case 'root':
      return `the root of account ${identity.accountId}`;
    case 'user':
      return `the user "${printable(identity.name)}"`;
    case 'session':
      return `the session "${printable(identity.sessionName)}" of the role "${printable(identity.roleName)}"`;
  }
}

/** The same text for whoever is the same: what one may take of something that is shared is counted by it. */
export function identityKey(identity: Identity): string {
  switch (identity.kind) {
    case 'anonymous':
      return identity.kind;
    case 'root':
      return `root/${identity.accountId}`;
    case 'user':
      return `user/${identity.userId}`;
    case 'session':
      return `session/${identity.roleId}`;
  }
}
