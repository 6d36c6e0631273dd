/** Which operation is open to whom: each cell is seen from what a request of the operation comes to. */

import { ANONYMOUS, type Identity } from '../src/access/identity.ts';
import type { Operation } from '../src/protocol/oss/operation.ts';
import { OPERATIONS } from '../src/protocol/oss/operations.ts';
import { attached, granting, OTHER_ACCOUNT, OTHER_ROOT, OWNER, ROOT, USER_ID, userWith } from './identities.ts';
import { arnOf, exampleOf, grantsFor } from './operation-examples.ts';
import { BUCKET, systemPolicy, type World } from './wire-ports.ts';
import { answerTo } from './wire-world.ts';

interface Column {
  readonly who: string;
  readonly identity: (operation: Operation) => Identity;
  readonly world?: World;
}

const FULL_ACCESS = systemPolicy('AliyunOSSFullAccess');
const OTHER_USER = userWith([FULL_ACCESS], OTHER_ACCOUNT);

const COLUMNS: readonly Column[] = [
  { who: 'nobody: the request is not signed', identity: () => ANONYMOUS },
  { who: 'nobody, the bucket is `public-read`', identity: () => ANONYMOUS, world: { acl: 'public-read' } },
  { who: 'nobody, the bucket is `public-read-write`', identity: () => ANONYMOUS, world: { acl: 'public-read-write' } },
  { who: 'the account that owns the bucket', identity: () => ROOT },
  { who: 'a user of it without any policy', identity: () => userWith([]) },
  { who: 'a user with `AliyunOSSReadOnlyAccess`', identity: () => userWith([systemPolicy('AliyunOSSReadOnlyAccess')]) },
  { who: 'a user with `AliyunOSSFullAccess`', identity: () => userWith([FULL_ACCESS]) },
  {
    who: 'a user with exactly the permission of the operation',
    identity: (operation) => userWith([granting(...grantsFor(operation))]),
  },
  {
    who: 'a user with `AliyunOSSFullAccess`, whom the bucket policy denies everything',
    identity: () => userWith([FULL_ACCESS]),
    world: { policy: bucketPolicy('Deny') },
  },
  {
    who: 'a session of a role with `AliyunOSSFullAccess`, whose session policy is about something else',
    identity: () => SESSION,
  },
  { who: 'another account', identity: () => OTHER_ROOT },
  { who: 'a user of another account with `AliyunOSSFullAccess`', identity: () => OTHER_USER },
  {
    who: 'the same, whom the bucket policy allows everything',
    identity: () => OTHER_USER,
    world: { policy: bucketPolicy('Allow') },
  },
];

const SESSION: Identity = {
  kind: 'session',
  accountId: OWNER,
  accessKeyId: 'STS.session-key',
  roleId: '3001',
  roleName: 'reader',
  sessionName: 'ben',
  policies: [FULL_ACCESS],
  sessionPolicy: attached({ Effect: 'Allow', Action: ['kms:DescribeKey'], Resource: ['*'] }).policy,
};

function bucketPolicy(Effect: 'Allow' | 'Deny'): object {
  const Resource = [arnOf(BUCKET), `${arnOf(BUCKET)}/*`];
  return { Version: '1', Statement: [{ Effect, Principal: [USER_ID], Action: ['oss:*'], Resource }] };
}

/** The page `docs/reference/access.md`. */
export async function accessPage(): Promise<string> {
  const served = OPERATIONS.filter(({ handle }) => handle !== undefined);
  const unserved = OPERATIONS.filter(({ handle }) => handle === undefined);
  return `${[
    '# Operations by identity',
    '',
    'Each cell was seen: a test sends the request of the operation in the name of the identity, and writes down whether it',
    'was let through. `npm run docs` writes this page, and a test compares it. What each operation needs is in',
    '[Compatibility](compatibility.md).',
    '',
    ...COLUMNS.map(({ who }, index) => `${index + 1}. ${who}`),
    '',
    'ListBuckets and PutBucket are about the buckets of whoever asks, and so they are open to other accounts too. Where the',
    'ACL of the bucket lets somebody in, an object whose own ACL is not `default` may say otherwise.',
    '',
    '## Served',
    '',
    ...(await tableOf(served)),
    '',
    '## Known and not served',
    '',
    'Who is let through hears that the operation is not implemented.',
    '',
    ...(await tableOf(unserved)),
  ].join('\n')}\n`;
}

async function tableOf(operations: readonly Operation[]): Promise<string[]> {
  const rows: string[] = [];
  for (const operation of operations) rows.push(row([operation.name, ...(await cellsOf(operation))]));
  const heads = ['Operation', ...COLUMNS.map((_, index) => String(index + 1))];
  return [row(heads), row(heads.map(() => '---')), ...rows];
}

async function cellsOf(operation: Operation): Promise<string[]> {
  const cells: string[] = [];
  for (const { identity, world } of COLUMNS) {
    const { status, effects, faults } = await answerTo(identity(operation), exampleOf(operation), world);
    const isRefused = status === 403;
    if (faults.length > 0 || (isRefused && effects.length > 0)) {
      throw new Error(`${operation.name} came to ${status} and did ${effects.join(', ')}`, { cause: faults[0] });
    }
    cells.push(isRefused ? 'no' : 'yes');
  }
  return cells;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
