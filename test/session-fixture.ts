/** Access keys and roles in memory, which a test changes, behind the real Sessions. */

import { randomBytes } from 'node:crypto';
import type { AccessKeyHolder, Directory, RoleFacts } from '../src/access/directory-facts.ts';
import type { AttachedPolicy, Identity, UserIdentity } from '../src/access/identity.ts';
import { Sessions } from '../src/access/sessions.ts';
import { parsePolicy } from '../src/core/policy-document.ts';
import { FileSecretSealer } from '../src/keys/secret-sealer.ts';

export const ACCOUNT = '1000000000000000';

/** Changes of what is in it count at once, as those of an AccessBook do. */
export class MemoryDirectory implements Directory {
  readonly keys = new Map<string, AccessKeyHolder>();
  readonly roles = new Map<string, RoleFacts>();

  findAccessKey(accessKeyId: string): AccessKeyHolder | undefined {
    return this.keys.get(accessKeyId);
  }

  findRole(arn: string): RoleFacts | undefined {
    return this.roles.get(arn);
  }

  findRoleById(id: string): RoleFacts | undefined {
    return [...this.roles.values()].find((role) => role.id === id);
  }

  addKey(
    secret: string,
    identity: Extract<Identity, { kind: 'root' | 'user' }>,
    change: Partial<AccessKeyHolder> = {},
  ) {
    this.keys.set(identity.accessKeyId, {
      secret,
      identity,
      keyState: 'enabled',
      holderState: 'enabled',
      ...change,
    });
  }

  addRole(change: Partial<RoleFacts> = {}): RoleFacts {
    const role = { ...aRole(), ...change };
    this.roles.set(role.arn, role);
    return role;
  }
}

/** A sealer with a key file of its own. */
export function anySealer(): FileSecretSealer {
  return new FileSecretSealer({ file: 'key.json', id: 'key-file', key: randomBytes(32) });
}

/** Credentials of these holders of lasting keys, and of no other. */
export function lastingKeys(secret: string, ...identities: Extract<Identity, { kind: 'root' | 'user' }>[]): Sessions {
  const directory = new MemoryDirectory();
  for (const identity of identities) directory.addKey(secret, identity);
  return new Sessions(directory, anySealer());
}

/** A user who may do what the statements say. */
export function aUser(statements: readonly object[] = [], change: Partial<UserIdentity> = {}): UserIdentity {
  return {
    kind: 'user',
    accountId: ACCOUNT,
    accessKeyId: 'LTAI5tAnna',
    userId: '200000000000000001',
    name: 'anna',
    policies: statements.map((statement) => attached(statement)),
    ...change,
  };
}

/** One that trusts its account, and may do everything with objects. */
function aRole(): RoleFacts {
  return {
    id: '300000000000000001',
    accountId: ACCOUNT,
    accountState: 'enabled',
    name: 'writer',
    arn: `acs:ram::${ACCOUNT}:role/writer`,
    trust: trustOf(`acs:ram::${ACCOUNT}:root`),
    policies: [attached({ Effect: 'Allow', Action: 'oss:*', Resource: '*' })],
    maxSessionSeconds: 3600,
  };
}

export function trustOf(...principals: string[]): RoleFacts['trust'] {
  const statement = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: principals } };
  return parsePolicy({ Version: '1', Statement: [statement] }, 'trust');
}

function attached(statement: object): AttachedPolicy {
  return { name: 'own', policy: parsePolicy({ Version: '1', Statement: [statement] }, 'identity') };
}
