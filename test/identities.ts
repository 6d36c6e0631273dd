/** Who asks, in tests of permissions. */

import { type Grant, grantingPolicy } from '../src/access/granting-policy.ts';
import type { AttachedPolicy, Identity, UserIdentity } from '../src/access/identity.ts';
import { parsePolicy } from '../src/core/policy-document.ts';

/** The account that owns the bucket. */
export const OWNER = '1000000000000000';
export const OTHER_ACCOUNT = '2000000000000000';
export const USER_ID = '2001';

export const ROOT: Identity = { kind: 'root', accountId: OWNER, accessKeyId: 'root-key' };
export const OTHER_ROOT: Identity = { kind: 'root', accountId: OTHER_ACCOUNT, accessKeyId: 'other-key' };

/** A user of the account that owns the bucket, or of another one. */
export function userWith(policies: readonly AttachedPolicy[], accountId: string = OWNER): UserIdentity {
  return { kind: 'user', accountId, accessKeyId: 'user-key', userId: USER_ID, name: 'anna', policies };
}

export function granting(...grants: readonly Grant[]): AttachedPolicy {
  return { name: 'grants', policy: parsePolicy(grantingPolicy(grants), 'identity') };
}

/** A policy of one statement, attached. */
export function attached(statement: object): AttachedPolicy {
  return { name: 'one', policy: parsePolicy({ Version: '1', Statement: [statement] }, 'identity') };
}
