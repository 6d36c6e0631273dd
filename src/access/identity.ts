/** Who asks, once the signature is verified. */

import type { Policy } from '../core/policy.ts';

export type Identity =
  | { readonly kind: 'anonymous' }
  /** The owner of the account itself, with every right over what the account owns. */
  | { readonly kind: 'root'; readonly accountId: string; readonly accessKeyId: string }
  | UserIdentity
  | SessionIdentity;

/** A RAM user of an account. */
export interface UserIdentity {
  readonly kind: 'user';
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly userId: string;
  readonly name: string;
  readonly policies: readonly AttachedPolicy[];
}

/** Somebody who assumed a role. A service that works with a role is one too, without an access key. */
export interface SessionIdentity {
  readonly kind: 'session';
  readonly accountId: string;
  readonly accessKeyId?: string;
  readonly roleId: string;
  readonly roleName: string;
  readonly sessionName: string;
  /** Those of the role. */
  readonly policies: readonly AttachedPolicy[];
  /** What the session may do at most, as whoever assumed the role said. */
  readonly sessionPolicy?: Policy;
}

/** A policy under the name by which it is attached. */
export interface AttachedPolicy {
  readonly name: string;
  readonly policy: Policy;
}

/** The one value for everyone who does not say who they are. */
export const ANONYMOUS: Identity = { kind: 'anonymous' };
