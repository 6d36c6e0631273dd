/** GetCallerIdentity: who the key that signed the request belongs to. It needs no permission. */

import { userArn } from '../../core/access-entities.ts';
import type { Caller } from './authenticate-rpc.ts';
import type { Fields } from './sts-reply.ts';

export function callerIdentity(identity: Caller): Fields {
  const { accountId } = identity;
  switch (identity.kind) {
    case 'root':
      return {
        AccountId: accountId,
        UserId: accountId,
        IdentityType: 'Account',
        PrincipalId: accountId,
        Arn: `acs:ram::${accountId}:root`,
      };
    case 'user': {
      const { userId, name } = identity;
      return {
        AccountId: accountId,
        UserId: userId,
        IdentityType: 'RAMUser',
        PrincipalId: userId,
        Arn: userArn(accountId, name),
      };
    }
    case 'session': {
      const { roleId, roleName, sessionName } = identity;
      return {
        AccountId: accountId,
        RoleId: roleId,
        IdentityType: 'AssumedRoleUser',
        PrincipalId: `${roleId}:${sessionName}`,
        Arn: `acs:ram::${accountId}:assumed-role/${roleName}/${sessionName}`,
      };
    }
  }
}
