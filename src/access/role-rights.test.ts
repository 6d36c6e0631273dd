import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { documentOf as anyDocument, bucketPolicyText, type PolicyStatement, roleOf } from '../../test/role-fixture.ts';
import { roleArn } from '../core/access-entities.ts';
import type { Bucket } from '../core/bucket.ts';
import { parsePolicy } from '../core/policy-document.ts';
import {
  checksumKey,
  dataFileKey,
  latestKey,
  manifestKey,
  type ReportPlace,
  reportFolder,
  reportJsonKey,
} from '../core/report.ts';
import { serviceTrust } from '../core/service-trust.ts';
import type { RoleFacts } from './directory-facts.ts';
import type { ReportWriting } from './report-needs.ts';
import { faultsText, removalFaults, roleFaults, standingFaults } from './role-rights.ts';

const OWNER = '1000';
const ARN = roleArn(OWNER, 'writer');
const PLACE: ReportPlace = { destinationPrefix: 'inventory', sourceBucket: 'photos', ruleId: 'nightly' };

const reports: Bucket = {
  id: 'r',
  name: 'reports',
  region: 'cn-hangzhou',
  owner: OWNER,
  storageClass: 'Standard',
  redundancy: 'LRS',
  acl: 'private',
  createdAtMs: 0,
};

const documentOf = (...statements: readonly PolicyStatement[]) =>
  anyDocument(...statements.map((statement) => ({ Resource: 'acs:oss:*:*:reports/*', ...statement })));
const role = (documents: readonly object[], change?: Partial<RoleFacts>) => roleOf(ARN, documents, change);

const MAY_WRITE = role([documentOf({})]);

function writing(change: Partial<ReportWriting> = {}): ReportWriting {
  return {
    roleArn: ARN,
    role: MAY_WRITE,
    owner: OWNER,
    destination: reports,
    encryption: undefined,
    place: PLACE,
    keepsLatest: true,
    keyAccount: OWNER,
    nowMs: Date.UTC(2026, 10, 22),
    ...change,
  };
}

const faultsOf = (change: Partial<ReportWriting>) => roleFaults(writing(change));
const textsOf = (change: Partial<ReportWriting>) => faultsOf(change).map(({ text }) => text);
const withBucketPolicy = (...statements: readonly PolicyStatement[]): Bucket => ({
  ...reports,
  policy: bucketPolicyText('reports', ...statements),
});

test.each([
  ['the whole destination', 'acs:oss:*:*:reports/*'],
  ['the prefix of the reports', 'acs:oss:*:*:reports/inventory/*'],
  ['the folder of the rule', 'acs:oss:*:*:reports/inventory/photos/nightly/*'],
  ['everything', '*'],
])('a role that may put objects into %s may write', (_, Resource) => {
  expect(faultsOf({ role: role([documentOf({ Resource })]) })).toEqual([]);
});

test.each([
  ['another prefix', 'acs:oss:*:*:reports/other/*'],
  ['another bucket', 'acs:oss:*:*:others/*'],
  ['the bucket, which is not its objects', 'acs:oss:*:*:reports'],
  ['another region', 'acs:oss:cn-beijing:*:reports/*'],
  ['the data files alone', 'acs:oss:*:*:reports/inventory/photos/nightly/data/*'],
  ['the manifests alone', 'acs:oss:*:*:reports/*.json'],
  ['the reports of one year', ['acs:oss:*:*:reports/*/data/*', 'acs:oss:*:*:reports/*/2026-*']],
  ['files whose names begin with one digit', ['acs:oss:*:*:reports/*Z/*', 'acs:oss:*:*:reports/*/data/a*']],
])('a role that may put objects into %s is told what it lacks', (_, Resource) => {
  expect(textsOf({ role: role([documentOf({ Resource })]) })).toEqual([
    `The role "${ARN}" may not oss:PutObject on "reports/inventory/photos/nightly/*": no policy of it allows that. Attach one that does: {"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:PutObject"],"Resource":["acs:oss:*:*:reports/inventory/photos/nightly/*"]}]}`,
  ]);
});

test('a role that nobody made is told with its trust policy, and with what it will need besides', () => {
  const [unknown, write, ...rest] = faultsOf({ role: undefined });
  expect(unknown).toEqual({
    kind: 'role',
    text: `There is no role "${ARN}". Make it with the trust policy {"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":["oss.aliyuncs.com"]}}]}`,
    grant: serviceTrust('oss.aliyuncs.com'),
  });
  expect(write).toMatchObject({ kind: 'write', grant: expect.anything() });
  expect(rest).toEqual([]);
});

test.each<[string, Partial<ReportWriting>, RegExp]>([
  ['of another account', { roleArn: roleArn('2000', 'writer'), role: undefined }, /does not belong to .* 1000\. Name/],
  ['of another account, there', { role: role([], { accountId: '2000' }) }, /does not belong to the account/],
  ['of a disabled account', { role: role([], { accountState: 'disabled' }) }, /The account 1000 .* is disabled/],
])('of a role %s that alone is told', (_, change, words) => {
  expect(textsOf(change)).toEqual([expect.stringMatching(words)]);
  expect(standingFaults(writing(change))).toEqual(faultsOf(change));
});

test.each([
  ['somebody else', { RAM: ['acs:ram::1000:root'] }],
  ['another service', { Service: ['ecs.aliyuncs.com'] }],
])('a role that trusts %s is told the trust policy that it needs', (_, Principal) => {
  const trust = parsePolicy(
    { Version: '1', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal }] },
    'trust',
  );
  const [fault, ...rest] = faultsOf({ role: role([documentOf({})], { trust }) });
  expect(fault?.text).toMatch(/does not trust oss\.aliyuncs\.com\. Its trust policy needs \{"Version"/);
  expect(rest).toEqual([]);
  const mended = parsePolicy(documentIn(fault?.text), 'trust');
  expect(faultsOf({ role: role([documentOf({})], { trust: mended }) })).toEqual([]);
});

test("a Deny in the role's policy is named, and no grant is offered against it", () => {
  const [fault, ...rest] = faultsOf({ role: role([documentOf({}), documentOf({ Effect: 'Deny' })]) });
  expect(fault).toEqual({
    kind: 'write',
    text: expect.stringContaining('the policy "policy-1" of the role denies it'),
  });
  expect(rest).toEqual([]);
});

test.each<[string, PolicyStatement]>([
  ['for everybody', {}],
  ['for the account', { Principal: [OWNER] }],
  ['for the sessions of the role', { Principal: ['arn:sts::1000:assumed-role/writer/*'] }],
  ['for the sessions of the service', { Principal: ['arn:sts::1000:assumed-role/writer/inventory'] }],
  ['but for some addresses', { Condition: { NotIpAddress: { 'acs:SourceIp': ['10.0.0.0/8'] } } }],
  ['of some data files', { Resource: 'acs:oss:*:1000:reports/*/data/f*' }],
  ['of one minute', { Resource: 'acs:oss:*:1000:reports/inventory/*/2031-02-03T04-05Z/*' }],
])("a Deny %s in the destination's policy counts", (_, statement) => {
  const destination = withBucketPolicy({ Effect: 'Deny', ...statement });
  const [fault, ...rest] = faultsOf({ destination });
  expect(fault).toEqual({
    kind: 'write',
    text: expect.stringContaining('the policy of the bucket "reports" denies it'),
  });
  expect(rest).toEqual([]);
});

test.each<[string, PolicyStatement]>([
  ['of other keys', { Resource: 'acs:oss:*:1000:reports/other/*' }],
  ['of other actions', { Action: 'oss:GetObject' }],
  ['for other roles', { Principal: ['arn:sts::1000:assumed-role/reader/*'] }],
  ['of requests without TLS', { Condition: { Bool: { 'acs:SecureTransport': 'false' } } }],
  ['of some addresses', { Condition: { IpAddress: { 'acs:SourceIp': ['10.0.0.0/8'] } } }],
  ['that has not begun', { Condition: { DateGreaterThan: { 'acs:CurrentTime': '2027-01-01T00:00:00Z' } } }],
])("a Deny %s in the destination's policy does not", (_, statement) => {
  const destination = withBucketPolicy({ Effect: 'Deny', ...statement });
  expect(faultsOf({ destination })).toEqual([]);
});

test.each<[string, object]>([
  ['some addresses', { IpAddress: { 'acs:SourceIp': ['0.0.0.0/0'] } }],
  ['a time that is past', { DateLessThan: { 'acs:CurrentTime': '2020-01-01T00:00:00Z' } }],
])('a right that only %s has is not one of the service, which is told why', (_, Condition) => {
  expect(textsOf({ role: role([documentOf({ Action: 'oss:Get*' }), documentOf({ Condition })]) })).toEqual([
    expect.stringContaining(
      'no policy of it allows that. The policy "policy-1" would, but for a Condition that does not hold: the service writes from no address and names no client, and dates are held against now. Attach one that does: {',
    ),
  ]);
});

test("the destination's policy may let the role in without one of its own", () => {
  const Principal = ['arn:sts::1000:assumed-role/writer/*'];
  const destination = withBucketPolicy({ Principal, Resource: 'acs:oss:*:1000:reports/inventory/*' });
  expect(faultsOf({ role: role([]), destination })).toEqual([]);
});

const KMS = { method: 'SSE-KMS', keyId: 'our-key' } as const;
const BUCKET_KMS: Bucket = { ...reports, encryption: { algorithm: 'KMS', keyId: 'our-key' } };
const USE = documentOf({ Action: 'kms:GenerateDataKey', Resource: 'acs:kms:*:*:key/our-key' });

test.each<[string, Partial<ReportWriting>]>([
  ['the rule asks for', { encryption: KMS }],
  ['the destination encrypts with', { destination: BUCKET_KMS }],
])('the key that %s has to be usable by the role', (_, change) => {
  const [fault, ...rest] = faultsOf(change);
  expect(fault?.kind).toBe('key');
  expect(fault?.text).toContain('may not kms:GenerateDataKey on "acs:kms:*:1000:key/our-key": no policy');
  expect(rest).toEqual([]);
  expect(faultsOf({ ...change, role: role([documentOf({}), USE]) })).toEqual([]);
  const deny = { ...USE, Statement: [{ Effect: 'Deny', Action: 'kms:*', Resource: '*' }] };
  const denied = faultsOf({ ...change, role: role([documentOf({}), USE, deny]) });
  expect(denied).toEqual([
    { kind: 'key', text: expect.stringContaining('the policy "policy-2" of the role denies it') },
  ]);
});

test('what no policy allows is told all at once, with one policy that grants it all', () => {
  const [fault, ...rest] = faultsOf({ encryption: KMS, role: role([]) });
  expect(fault?.kind).toBe('write');
  expect(fault?.text).toContain(
    'may not oss:PutObject on "reports/inventory/photos/nightly/*" and may not kms:GenerateDataKey on "acs:kms:*:1000:key/our-key": no policy of it allows that. Attach one that does: {',
  );
  expect(fault?.text).toContain('"Resource":["acs:kms:*:1000:key/our-key"]');
  expect(rest).toEqual([]);
  expect(faultsOf({ encryption: KMS, role: role([documentIn(fault?.text)]) })).toEqual([]);
});

test('a text of all faults ends on the policy that grants what no Deny keeps from the role', () => {
  const deny = documentOf({ Effect: 'Deny', Action: 'kms:*', Resource: '*' });
  const faults = faultsOf({ encryption: KMS, role: role([deny], { trust: { statements: [] } }) });
  expect(faults.map(({ kind, grant }) => [kind, grant !== undefined])).toEqual([
    ['role', true],
    ['key', false],
    ['write', true],
  ]);
  const words = /does not trust .*\} Besides: .*may not kms:.*denies it.* Besides: .*may not oss:PutObject.*\}$/;
  expect(faultsText(faults)).toMatch(words);
});

test('keys of another account are out of reach, whatever the policies of the role say', () => {
  const [fault, ...rest] = faultsOf({ encryption: KMS, keyAccount: '2000', role: role([documentOf({}), USE]) });
  expect(fault).toEqual({ kind: 'key', text: expect.stringContaining('the keys belong to the account 2000') });
  expect(rest).toEqual([]);
});

test('encryption without a key needs no right, and the rule decides over the bucket', () => {
  expect(faultsOf({ encryption: { method: 'SSE-OSS' }, destination: BUCKET_KMS })).toEqual([]);
  expect(faultsOf({ destination: { ...reports, encryption: { algorithm: 'AES256' } } })).toEqual([]);
});

const anyText = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((text) => text.isWellFormed());
const anyPlace = fc.record({
  destinationPrefix: fc.option(fc.stringMatching(/^[a-z0-9/ ]{1,10}$/), { nil: undefined }),
  sourceBucket: fc.constant('photos'),
  ruleId: fc.oneof(anyText, fc.constantFrom('*', '?', 'a\u202eb', 'a"b\\', 'a\u2028b', '😀')),
});

test('whatever a refusal prints grants what was missing, and prints on one line', () => {
  fc.assert(
    fc.property(anyPlace, anyText, (place, keyId) => {
      const change = { place, encryption: { method: 'SSE-KMS', keyId } } as const;
      const [fault, ...rest] = faultsOf({ ...change, role: role([]) });
      expect(fault?.text).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      const printed = documentIn(fault?.text);
      expect(printed).toEqual(fault?.grant);
      expect(faultsOf({ ...change, role: role([printed]) })).toEqual([]);
      expect(rest).toEqual([]);
    }),
  );
});

test('what is printed for a rule with a wildcard in its id grants nothing of other rules', () => {
  const place = { ...PLACE, ruleId: 'b*' };
  const [fault] = faultsOf({ place, role: role([]) });
  const granted = role([documentIn(fault?.text)]);
  expect(faultsOf({ place, role: granted })).toEqual([]);
  expect(faultsOf({ place: { ...PLACE, ruleId: 'b/2' }, role: granted })).toHaveLength(1);
});

test('when nothing is found beforehand, no key that a run may write is refused', () => {
  const piece = fc.constantFrom('*', '?', 'data/', 'Z/', '-', 'inventory/', 'manifest', '.gz', '.json', 'a', '7', '20');
  const pattern = fc.array(piece, { maxLength: 5 }).map((pieces) => `acs:oss:*:*:reports/${pieces.join('')}`);
  const statement = fc.record({
    Effect: fc.constantFrom('Allow', 'Deny'),
    Resource: fc.array(pattern, { minLength: 1 }),
  });
  const documents = fc.array(statement, { minLength: 1, maxLength: 4 });
  const minutes = fc.integer({ min: 0, max: 38_000_000 });
  fc.assert(
    fc.property(documents, fc.array(minutes, { minLength: 5, maxLength: 5 }), (statements, times) => {
      const asked = writing({ role: role([documentOf({}), documentOf(...statements)]) });
      const keys = times.flatMap((minute) => {
        const folder = reportFolder(PLACE, Date.UTC(2026) + minute * 60_000);
        return [dataFileKey(PLACE, randomUUID()), manifestKey(folder), checksumKey(folder), reportJsonKey(folder)];
      });
      if (asked.keepsLatest) keys.push(latestKey(PLACE));
      if (roleFaults(asked).length === 0) expect(roleFaults(asked, keys)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('of a key that is about to be written, that one is asked alone', () => {
  const halfOf = role([documentOf({ Resource: 'acs:oss:*:*:reports/*/data/*' })]);
  expect(roleFaults(writing({ role: halfOf }), [dataFileKey(PLACE, randomUUID())])).toEqual([]);
  const folder = reportFolder(PLACE, 0);
  expect(roleFaults(writing({ role: halfOf }), [manifestKey(folder)])).toMatchObject([{ kind: 'write' }]);
});

/** The JSON that a text ends on. */
function documentIn(text = ''): object {
  return JSON.parse(text.slice(text.indexOf('{'))) as object;
}

const DELETE = { Action: 'oss:DeleteObject' };
const removalTexts = (change: Partial<ReportWriting>, keys?: readonly string[]) =>
  removalFaults(writing(change), keys).map(({ text }) => text);

test('removing reports takes the right to delete and none to put, nor any to use the key', () => {
  const encryption = { method: 'SSE-KMS' } as const;
  expect(removalFaults(writing({ role: role([documentOf(DELETE)]), encryption }))).toEqual([]);
  expect(removalTexts({ role: MAY_WRITE })).toEqual([
    `The role "${ARN}" may not oss:DeleteObject on "reports/inventory/photos/nightly/*": no policy of it allows that. Attach one that does: {"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:DeleteObject"],"Resource":["acs:oss:*:*:reports/inventory/photos/nightly/*"]}]}`,
  ]);
});

test('a Deny on some of the keys is found before there is one of them', () => {
  const denied = { ...DELETE, Effect: 'Deny', Resource: 'acs:oss:*:*:reports/inventory/*/data/f*' } as const;
  expect(removalTexts({ role: role([documentOf(DELETE), documentOf(denied)]) })).toEqual([
    expect.stringContaining('the policy "policy-1" of the role denies it'),
  ]);
});

test('the tags of what is to be removed have a say', () => {
  const held = { StringEquals: { 'oss:ExistingObjectTag/hold': 'legal' } };
  const removal = { ...writing({ role: role([documentOf(DELETE, { ...DELETE, Effect: 'Deny', Condition: held })]) }) };
  const key = checksumKey(reportFolder(PLACE, 0));
  const facts = (value: string) => () => ({ acl: 'default' as const, tags: [{ key: 'hold', value }] });
  expect(removalFaults({ ...removal, objectOf: facts('none') }, [key])).toEqual([]);
  expect(removalFaults({ ...removal, objectOf: facts('legal') }, [key])).toMatchObject([{ kind: 'remove' }]);
});

test('a role that is gone is told with what removing takes', () => {
  expect(removalTexts({ role: undefined })).toEqual([
    expect.stringContaining('There is no role'),
    expect.stringContaining('may not oss:DeleteObject'),
  ]);
});
