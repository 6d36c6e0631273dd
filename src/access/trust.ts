/** Whom a role trusts: who may assume it, as its trust policy says (protocol sheet, section 4.5). */

import { roleArn, userArn } from '../core/access-entities.ts';
import type { Policy, Statement } from '../core/policy.ts';
import type { RequestContext } from './access.ts';
import { ANONYMOUS, type Identity } from './identity.ts';
import { verdictOf } from './statement.ts';

const ASSUME = 'sts:assumerole';

/** As in `oss.aliyuncs.com`. A service assumes a role without a request, so there is nothing that conditions can ask. */
export function trustsService(trust: Policy, service: string): boolean {
  const isAbout = ({ principals }: Statement) => principals?.services.includes(service) ?? false;
  return verdictOf(trust, { action: ASSUME, identity: ANONYMOUS, context: {} }, isAbout) === 'Allow';
}

/**
 * Whether the role lets this identity assume it. To trust `acs:ram::<account>:root` is to trust everybody in that account
 * who is permitted to by their own policies, which is for the caller to ask.
 */
export function trustsIdentity(trust: Policy, identity: Identity, context: RequestContext): boolean {
  const names = namesOf(identity);
  const isAbout = ({ principals }: Statement) => principals?.names.some((name) => names.includes(name)) ?? false;
  return verdictOf(trust, { action: ASSUME, identity, context }, isAbout) === 'Allow';
}

function namesOf(identity: Identity): readonly string[] {
  if (identity.kind === 'anonymous') return [];
  const account = `acs:ram::${identity.accountId}:root`;
  if (identity.kind === 'root') return [account];
  if (identity.kind === 'user') return [account, userArn(identity.accountId, identity.name)];
  return [account, roleArn(identity.accountId, identity.roleName)];
}
