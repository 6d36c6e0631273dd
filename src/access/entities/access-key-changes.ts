/** Access keys of users, and of accounts themselves: made with a secret that is shown once, disabled, enabled, deleted. */

import { ACCESS_LIMITS } from '../../core/access-entities.ts';
import {
  type AccessKeyRecord,
  type AccessWrite,
  accessKeySecretName,
  type UserRecord,
} from '../../core/access-record.ts';
import { newAccessKeyId, newSecret } from '../new-ids.ts';
import type { AccessState, AccountState } from './access-state.ts';
import { accessKeyView } from './access-views.ts';
import type { ChangeContext, ChangeOf, PlannedChange } from './change-context.ts';
import { assertBelow } from './entity-refusals.ts';
import { accessKeyOf, accessKeysOf, accountOf, userOf } from './lookups.ts';

export function createAccessKey(
  state: AccessState,
  change: ChangeOf<'createAccessKey'>,
  { nowMs, sealer }: ChangeContext,
): PlannedChange {
  const { account, user } = holderOf(state, change);
  const holder = user === undefined ? `account ${change.account} itself` : `user "${user.name}"`;
  assertBelow(ACCESS_LIMITS.accessKeysPerUser, accessKeysOf(account, user).length, `Access keys of the ${holder}`);
  const id = newAccessKeyId(state);
  const secret = newSecret();
  const record: AccessKeyRecord = {
    kind: 'accessKey',
    id,
    accountId: change.account,
    ...(user !== undefined && { userId: user.id }),
    state: 'enabled',
    sealed: sealer.seal(accessKeySecretName(id), Buffer.from(secret)),
    createdAtMs: nowMs,
  };
  return { writes: [{ act: 'put', record }], newKey: { ...accessKeyView(record), secret } };
}

export function setAccessKeyState(state: AccessState, change: ChangeOf<'setAccessKeyState'>): AccessWrite[] {
  const key = keyOf(state, change);
  return key.state === change.state ? [] : [{ act: 'put', record: { ...key, state: change.state } }];
}

export function deleteAccessKey(state: AccessState, change: ChangeOf<'deleteAccessKey'>): AccessWrite[] {
  return [{ act: 'remove', record: keyOf(state, change) }];
}

interface Holder {
  readonly account: string;
  readonly user?: string;
}

function holderOf(state: AccessState, change: Holder): { account: AccountState; user: UserRecord | undefined } {
  const account = accountOf(state, change.account);
  return { account, user: change.user === undefined ? undefined : userOf(account, change.user) };
}

function keyOf(state: AccessState, change: Holder & { readonly id: string }): AccessKeyRecord {
  const { account, user } = holderOf(state, change);
  return accessKeyOf(account, user, change.id);
}
