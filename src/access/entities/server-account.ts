/**
 * The account that the server was started for. Its first start makes it, with a role that reports can be written with,
 * as the original's console does. A role that somebody deleted stays away: what is there already is left as it is.
 * When the settings name another account than before, that one comes to be beside the first, which is then one of
 * those that are administered.
 */

import type { AccessWrite } from '../../core/access-record.ts';
import { serviceTrust } from '../../core/service-trust.ts';
import { newEntityId } from '../new-ids.ts';
import type { AccessState } from './access-state.ts';
import { MAX_SESSION_SECONDS } from './entity-names.ts';

export const DEFAULT_ROLE = 'AliyunOSSRole';

/** It writes into any bucket, and encrypts under any key of the key service. */
const DEFAULT_ROLE_POLICIES = ['AliyunOSSFullAccess', 'AliyunKMSCryptoUserAccess'];

/** What has to be written before this account can be the server's; throws when it can't. */
export function ensureServerAccount(state: AccessState, id: string, nowMs: number): AccessWrite[] {
  const known = state.accounts.get(id)?.account;
  if (known === undefined) return newServerAccount(state, id, nowMs);
  if (known.state === 'deleted') {
    throw new Error(`The account ${id} was deleted, and its id is not given again. Name another as accountId.`);
  }
  // Disabled when it was one of those that are administered; now nobody else could enable it.
  return known.state === 'enabled' ? [] : [{ act: 'put', record: { ...known, state: 'enabled' } }];
}

function newServerAccount(state: AccessState, accountId: string, createdAtMs: number): AccessWrite[] {
  const holderId = newEntityId(state);
  return [
    { act: 'put', record: { kind: 'account', id: accountId, name: accountId, state: 'enabled', createdAtMs } },
    {
      act: 'put',
      record: {
        kind: 'role',
        id: holderId,
        accountId,
        name: DEFAULT_ROLE,
        description: 'Writes inventory reports; made at the first start.',
        trust: JSON.stringify(serviceTrust('oss.aliyuncs.com')),
        maxSessionSeconds: MAX_SESSION_SECONDS.default,
        createdAtMs,
      },
    },
    ...DEFAULT_ROLE_POLICIES.map((policy): AccessWrite => {
      return { act: 'put', record: { kind: 'attachment', accountId, holderId, policy } };
    }),
  ];
}
