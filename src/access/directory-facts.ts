/** What a running server knows of its identities, held in memory so that no request waits for a database. */

import type { EntityState } from '../core/access-entities.ts';
import type { Policy } from '../core/policy.ts';
import type { AttachedPolicy, Identity } from './identity.ts';

export interface Directory {
  /** The holder of a lasting access key. */
  findAccessKey(accessKeyId: string): AccessKeyHolder | undefined;
  /** As in `acs:ram::1000000000000000:role/AliyunOSSRole`. */
  findRole(arn: string): RoleFacts | undefined;
  findRoleById(id: string): RoleFacts | undefined;
}

export interface AccessKeyHolder {
  /** What signatures are computed with; it is never logged, shown or put into an error. */
  readonly secret: string;
  readonly identity: Identity;
  readonly keyState: EntityState;
  /** Of the user and its account: disabled if either is. */
  readonly holderState: EntityState;
}

export interface RoleFacts {
  /** Immutable: a role made anew under the same name inherits no session. */
  readonly id: string;
  readonly accountId: string;
  readonly accountState: EntityState;
  readonly name: string;
  readonly arn: string;
  readonly trust: Policy;
  readonly policies: readonly AttachedPolicy[];
  readonly maxSessionSeconds: number;
}
