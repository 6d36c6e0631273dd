import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BUCKET_ACLS } from '../core/bucket.ts';
import { type PolicyKind, parsePolicy } from '../core/policy-document.ts';
import { OBJECT_ACLS } from '../core/record.ts';
import type { AccessRequest } from './access.ts';
import { decide } from './decide.ts';
import type { Identity } from './identity.ts';

/**
 * The decision once more, slow and obvious: all statements of all policies in one table, each marked with where it stands
 * and whether it is about the request, and the answer read off the table. It reads the documents, not what was parsed of
 * them, and its wildcards are regular expressions.
 */
type Answer = 'allowed' | 'ExplicitDeny' | 'ImplicitDeny';

interface Document {
  readonly Statement: readonly RawStatement[];
}

interface RawStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: readonly string[];
  readonly NotAction?: readonly string[];
  readonly Resource: readonly string[];
  readonly Principal?: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

interface Case {
  readonly who: Who;
  readonly action: string;
  readonly key: string | undefined;
  readonly bucket: { readonly acl: (typeof BUCKET_ACLS)[number]; readonly policy: Document | undefined };
  readonly objectAcl: (typeof OBJECT_ACLS)[number] | undefined;
  readonly objectTag: string | undefined;
  readonly sourceIp: string | undefined;
}

interface Who {
  readonly kind: 'anonymous' | 'root' | 'user' | 'session';
  readonly account: string;
  readonly id: string;
  readonly own: readonly Document[];
  readonly session: Document | undefined;
}

interface Row {
  readonly source: 'session' | 'own' | 'bucket';
  readonly effect: 'Allow' | 'Deny';
}

const OWNER = '1';
const BUCKET = 'b';

function modelAnswer(asked: Case): Answer {
  const { who, bucket } = asked;
  const isOwner = who.kind === 'root' && who.account === OWNER;
  const hasPolicies = who.kind === 'user' || who.kind === 'session';
  const session = who.kind === 'session' ? who.session : undefined;
  const rows: Row[] = [
    ...rowsOf('session', session, asked),
    ...(hasPolicies ? who.own : []).flatMap((document) => rowsOf('own', document, asked)),
    ...rowsOf('bucket', isOwner && asked.action.endsWith('BucketPolicy') ? undefined : bucket.policy, asked),
  ];
  const says = (source: Row['source'], effect: Row['effect']) =>
    rows.some((row) => row.source === source && row.effect === effect);

  if (session !== undefined && !says('session', 'Allow') && !says('session', 'Deny')) return 'ImplicitDeny';
  if (rows.some(({ effect }) => effect === 'Deny')) return 'ExplicitDeny';
  const byOwn = !hasPolicies || says('own', 'Allow');
  const byBucket = says('bucket', 'Allow');
  const byAcl = aclGrants(asked);
  switch (who.kind) {
    case 'anonymous':
      return byBucket || byAcl ? 'allowed' : 'ImplicitDeny';
    case 'root':
      return isOwner || byBucket || byAcl ? 'allowed' : 'ImplicitDeny';
    default:
      if (who.account === OWNER) return byOwn || byBucket || byAcl ? 'allowed' : 'ImplicitDeny';
      return byOwn && (byBucket || byAcl) ? 'allowed' : 'ImplicitDeny';
  }
}

function rowsOf(source: Row['source'], document: Document | undefined, asked: Case): Row[] {
  return (document?.Statement ?? [])
    .filter((statement) => isAbout(statement, asked) && (source !== 'bucket' || isForWho(statement, asked.who)))
    .map(({ Effect }) => ({ source, effect: Effect }));
}

function isAbout({ Action, NotAction, Resource, Condition = {} }: RawStatement, asked: Case): boolean {
  const fits = (patterns: readonly string[]) => patterns.some((pattern) => like(pattern, 'i').test(asked.action));
  const path = asked.key === undefined ? BUCKET : `${BUCKET}/${asked.key}`;
  const isOnIt = Resource.some((pattern) => {
    const [, service = '', region = '', account = '', ...rest] = pattern.split(':');
    if (pattern === '*') return true;
    const fields = [service, region, account, rest.join(':')];
    return ['oss', 'cn', OWNER, path].every((field, index) => like(fields[index] ?? '').test(field));
  });
  const conditions = Object.entries(Condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => holds(operator, values, answer(key, asked))),
  );
  return (Action ? fits(Action) : !fits(NotAction ?? [])) && isOnIt && !conditions.includes(false);
}

function like(pattern: string, flags = ''): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, `s${flags}`);
}

function answer(key: string, { sourceIp, objectTag, key: objectKey }: Case): string | undefined {
  if (key === 'acs:SourceIp') return sourceIp;
  return objectKey === undefined ? undefined : objectTag;
}

/** Of the operators that the cases use. */
function holds(operator: string, values: readonly string[], given: string | undefined): boolean {
  const isOneOf =
    given !== undefined && values.some((value) => (value === '10.0.0.0/8' ? given.startsWith('10.') : value === given));
  return operator.includes('Not') ? !isOneOf : isOneOf;
}

function isForWho({ Principal = [], Effect, Condition }: RawStatement, who: Who): boolean {
  const isOwner = who.kind === 'root' && who.account === OWNER;
  if (Principal.length === 0 || Principal.includes('*')) {
    if (!isOwner || Condition !== undefined) return true;
  }
  const names: string[] = [];
  if (who.kind === 'root') names.push(who.account);
  if (who.kind === 'user') names.push(who.id);
  if (who.kind === 'session')
    names.push(`arn:sts::${who.account}:assumed-role/r/s`, `arn:sts::${who.account}:assumed-role/*/s`);
  if (who.kind !== 'anonymous' && (Effect === 'Deny' || who.account !== OWNER)) names.push(who.account);
  return Principal.some((name) => names.includes(name));
}

const BY_ACL = {
  private: [],
  'public-read': ['oss:GetObject'],
  'public-read-write': ['oss:GetObject', 'oss:PutObject'],
} as const;

function aclGrants({ action, key, bucket, objectAcl = 'default' }: Case): boolean {
  const acl = objectAcl === 'default' ? bucket.acl : objectAcl;
  return key !== undefined && BY_ACL[acl].some((granted) => granted === action);
}

function requestOf({ who, action, key, bucket, objectAcl, objectTag, sourceIp }: Case): AccessRequest {
  const policy = bucket.policy && parsePolicy({ Version: '1', ...bucket.policy }, 'bucket');
  const arn = `acs:oss:cn:${OWNER}:${BUCKET}`;
  const tags = objectTag === undefined ? [] : [{ key: 't', value: objectTag }];
  const facts = objectAcl && { acl: objectAcl, tags };
  return {
    identity: identityOf(who),
    action,
    resource: {
      level: key === undefined ? 'bucket' : 'object',
      arn: key === undefined ? arn : `${arn}/${key}`,
      owner: OWNER,
      bucket: { acl: bucket.acl, tags: [], ...(policy && { policy }) },
      ...(key !== undefined && { object: () => facts }),
    },
    context: { nowMs: 0, ...(sourceIp !== undefined && { sourceIp }) },
  };
}

function identityOf({ kind, account, id, own, session }: Who): Identity {
  const attached = own.map((document, n) => ({ name: `p${n}`, policy: parse(document, 'identity') }));
  const accessKeyId = 'ak';
  switch (kind) {
    case 'anonymous':
      return { kind };
    case 'root':
      return { kind, accountId: account, accessKeyId };
    case 'user':
      return { kind, accountId: account, accessKeyId, userId: id, name: 'anna', policies: attached };
    case 'session': {
      const named = { roleId: '9', roleName: 'r', sessionName: 's' };
      const sessionPolicy = session && parse(session, 'session');
      return { kind, accountId: account, ...named, policies: attached, ...(sessionPolicy && { sessionPolicy }) };
    }
  }
}

function parse(document: Document, kind: PolicyKind) {
  return parsePolicy({ Version: '1', ...document }, kind);
}

const some = <T>(...values: T[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });

/** Small alphabets, so that a statement is often about the request. */
const actions = some('*', 'oss:*', 'oss:Get*', 'oss:getobject', 'oss:PutObject', 'oss:?utBucketPolicy');
const resources = some(
  '*',
  'acs:oss:*:*:*',
  'acs:oss:*:1:b',
  'acs:oss:*:*:b/*',
  'acs:oss:cn:1:b/k',
  'acs:oss:*:2:*',
  'acs:oss:*:*:c/*',
);
const condition = fc.constantFrom(
  { IpAddress: { 'acs:SourceIp': ['10.0.0.0/8'] } },
  { NotIpAddress: { 'acs:SourceIp': ['10.0.0.0/8', '1.1.1.1'] } },
  { StringEquals: { 'oss:ExistingObjectTag/t': ['x', 'y'] }, NotIpAddress: { 'acs:SourceIp': ['1.1.1.1'] } },
  { StringNotEquals: { 'oss:ExistingObjectTag/t': ['x'] } },
);
const principals = fc.oneof(
  fc.constant([]),
  some(
    '*',
    '1',
    '2',
    '11',
    '22',
    'arn:sts::1:assumed-role/r/s',
    'arn:sts::2:assumed-role/*/s',
    'arn:sts::1:assumed-role/r2/*',
  ),
);

function documents(hasPrincipal: boolean): fc.Arbitrary<Document> {
  const statement = fc
    .record({
      Effect: fc.constantFrom('Allow' as const, 'Allow' as const, 'Deny' as const),
      isNot: fc.nat({ max: 4 }).map((n) => n === 0),
      actions,
      Resource: resources,
      Principal: principals,
      Condition: fc.option(condition, { nil: undefined, freq: 2 }),
    })
    .map(({ Effect, isNot, actions, Resource, Principal, Condition }) => ({
      Effect,
      ...(isNot ? { NotAction: actions } : { Action: actions }),
      Resource,
      ...(hasPrincipal && { Principal }),
      ...(Condition && { Condition }),
    }));
  return fc.record({ Statement: fc.array(statement, { minLength: 1, maxLength: 3 }) });
}

const who: fc.Arbitrary<Who> = fc
  .record({
    kind: fc.constantFrom('anonymous' as const, 'root' as const, 'user' as const, 'session' as const),
    account: fc.constantFrom('1', '2'),
    own: fc.array(documents(false), { maxLength: 2 }),
    session: fc.option(documents(false), { nil: undefined }),
  })
  .map((values) => ({ ...values, id: values.account.repeat(2) }));

const cases: fc.Arbitrary<Case> = fc.record({
  who,
  action: fc.constantFrom(
    'oss:GetObject',
    'oss:PutObject',
    'oss:PutObjectTagging',
    'oss:ListObjects',
    'oss:PutBucketPolicy',
    'oss:GetBucketPolicy',
  ),
  key: fc.constantFrom(undefined, 'k', 'x:c/k'),
  bucket: fc.record({
    acl: fc.constantFrom(...BUCKET_ACLS),
    policy: fc.option(documents(true), { nil: undefined }),
  }),
  objectAcl: fc.constantFrom(undefined, ...OBJECT_ACLS),
  objectTag: fc.constantFrom('x', 'z'),
  sourceIp: fc.constantFrom(undefined, '10.1.2.3', '1.1.1.1', '8.8.8.8'),
});

test('the decision is that of the table of all statements', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(cases, (asked) => {
      // Without an object there is no tag either.
      const real = asked.objectAcl === undefined ? { ...asked, objectTag: undefined } : asked;
      const decision = decide(requestOf(real));
      const answered = decision.allowed ? 'allowed' : decision.refusal.kind;
      expect(answered).toBe(modelAnswer(real));
      seen.add(`${real.who.kind} of ${real.who.account}: ${answered}`);
    }),
    { numRuns: 5000 },
  );
  // Every kind of identity of either account got every kind of answer, so the cases are not all of one sort.
  expect([...seen].filter((line) => !line.startsWith('anonymous')).sort()).toEqual(
    ['root', 'session', 'user'].flatMap((kind) =>
      ['1', '2'].flatMap((account) =>
        ['ExplicitDeny', 'ImplicitDeny', 'allowed']
          .filter((answered) => `${kind}${account}${answered}` !== 'root1ImplicitDeny')
          .map((answered) => `${kind} of ${account}: ${answered}`),
      ),
    ),
  );
});
