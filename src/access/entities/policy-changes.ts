/** Policies of an account are put, attached to users and roles, detached, and go when nobody has them. */

import type { Principal } from '../../core/access-change.ts';
import { ACCESS_LIMITS } from '../../core/access-entities.ts';
import type { AccessWrite, RoleRecord, UserRecord } from '../../core/access-record.ts';
import { DomainError } from '../../core/errors.ts';
import { SYSTEM_POLICIES } from '../system-policies.ts';
import type { AccessState, AccountState } from './access-state.ts';
import type { ChangeContext, ChangeOf } from './change-context.ts';
import { assertLegalDescription, assertLegalName } from './entity-names.ts';
import { assertBelow, assertUnused, noSuchPolicy, notAttached, useOf } from './entity-refusals.ts';
import { accountOf, assertPolicy, policiesOf, policyHolders, roleOf, userOf } from './lookups.ts';
import { policyText } from './policy-text.ts';

export function putPolicy(state: AccessState, change: ChangeOf<'putPolicy'>, { nowMs }: ChangeContext): AccessWrite[] {
  const { account: accountId, name, description } = change;
  const { policies } = accountOf(state, accountId);
  assertLegalName('policy', name);
  assertNotSystem(name);
  assertLegalDescription('policy', description);
  const document = policyText(change.document, 'identity');
  const known = policies.get(name);
  if (known === undefined) {
    assertBelow(ACCESS_LIMITS.policiesPerAccount, policies.size, `Policies of the account ${accountId}`);
  }
  const createdAtMs = known?.createdAtMs ?? nowMs;
  const facts = { accountId, name, description, document, createdAtMs, updatedAtMs: nowMs } as const;
  return [{ act: 'put', record: { kind: 'policy', ...facts } }];
}

export function deletePolicy(state: AccessState, { account: id, name }: ChangeOf<'deletePolicy'>): AccessWrite[] {
  const account = accountOf(state, id);
  assertNotSystem(name);
  const policy = account.policies.get(name);
  if (policy === undefined) throw noSuchPolicy(id, name);
  const { users, roles } = policyHolders(account)(name);
  assertUnused(`policy "${name}"`, [
    ...useOf('is attached to the users', users),
    ...useOf('is attached to the roles', roles),
  ]);
  return [{ act: 'remove', record: policy }];
}

/** Of a policy that is attached already nothing changes. */
export function attach(state: AccessState, { account: id, policy, to }: ChangeOf<'attach' | 'detach'>): AccessWrite[] {
  const account = accountOf(state, id);
  const holder = principalOf(account, to);
  assertPolicy(account, policy);
  const attached = policiesOf(account, holder);
  if (attached.includes(policy)) return [];
  assertBelow(ACCESS_LIMITS.policiesPerPrincipal, attached.length, `Policies of the ${to.kind} "${to.name}"`);
  return [{ act: 'put', record: { kind: 'attachment', accountId: id, holderId: holder.id, policy } }];
}

export function detach(state: AccessState, { account: id, policy, to }: ChangeOf<'attach' | 'detach'>): AccessWrite[] {
  const account = accountOf(state, id);
  const holder = principalOf(account, to);
  if (!policiesOf(account, holder).includes(policy)) throw notAttached(policy, to);
  return [{ act: 'remove', record: { kind: 'attachment', accountId: id, holderId: holder.id, policy } }];
}

function principalOf(account: AccountState, { kind, name }: Principal): UserRecord | RoleRecord {
  return kind === 'user' ? userOf(account, name) : roleOf(account, name);
}

function assertNotSystem(name: string): void {
  if (!SYSTEM_POLICIES.has(name)) return;
  throw new DomainError(
    'EntityExists',
    `"${name}" is a system policy: it is attached as it is, and never changed or deleted.`,
  );
}
