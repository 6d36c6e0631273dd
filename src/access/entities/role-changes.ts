/** Roles are put, which makes or changes them, and go when they have no policies. */

import { ACCESS_LIMITS } from '../../core/access-entities.ts';
import type { AccessWrite } from '../../core/access-record.ts';
import { newEntityId } from '../new-ids.ts';
import type { AccessState } from './access-state.ts';
import type { ChangeContext, ChangeOf } from './change-context.ts';
import { assertLegalDescription, assertLegalName, assertLegalSessionSeconds } from './entity-names.ts';
import { assertBelow, assertUnused, useOf } from './entity-refusals.ts';
import { accountOf, policiesOf, roleOf } from './lookups.ts';
import { policyText } from './policy-text.ts';

export function putRole(state: AccessState, change: ChangeOf<'putRole'>, { nowMs }: ChangeContext): AccessWrite[] {
  const { account: accountId, name, description, maxSessionSeconds } = change;
  const { roles } = accountOf(state, accountId);
  assertLegalName('role', name);
  assertLegalDescription('role', description);
  assertLegalSessionSeconds(maxSessionSeconds);
  const trust = policyText(change.trust, 'trust');
  const known = roles.get(name);
  if (known !== undefined) return [{ act: 'put', record: { ...known, description, trust, maxSessionSeconds } }];
  assertBelow(ACCESS_LIMITS.rolesPerAccount, roles.size, `Roles of the account ${accountId}`);
  const facts = { id: newEntityId(state), accountId, name, description, trust, maxSessionSeconds } as const;
  return [{ act: 'put', record: { kind: 'role', ...facts, createdAtMs: nowMs } }];
}

export function deleteRole(state: AccessState, { account: id, name }: ChangeOf<'deleteRole'>): AccessWrite[] {
  const account = accountOf(state, id);
  const role = roleOf(account, name);
  assertUnused(`role "${name}"`, useOf('has the policies', policiesOf(account, role)));
  return [{ act: 'remove', record: role }];
}
