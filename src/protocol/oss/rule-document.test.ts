import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DomainError, type ErrorCode } from '../../core/errors.ts';
import { FREQUENCIES, OBJECT_VERSIONS, type Rule, type RuleSchedule } from '../../core/rule.ts';
import { checkRule } from '../../core/rule-check.ts';
import { OPTIONAL_FIELDS } from '../../core/rule-fields.ts';
import { renderXml } from '../../core/xml.ts';
import { parseRuleDocument, RULE_DOCUMENT_LIMITS, ruleListNode, ruleNode } from './rule-document.ts';

const nowSeconds = 1_791_158_400;
const vectors = new URL('../../../test/vectors/inventory/', import.meta.url);
const read = (name: string): Buffer => readFileSync(new URL(name, vectors));
const accept = (body: Uint8Array): Rule => checkRule(parseRuleDocument(body), nowSeconds);

function refusal(body: Uint8Array): DomainError {
  try {
    accept(body);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

test.each([
  '01-minimal',
  '02-filters-kms',
  '03-sse-oss-disabled',
  '04-monthly-day31',
  '05-once-autodelete',
  '07-java-v1-order',
  '08-oss2-capital-true',
  '09-ali-oss-empty-nodes',
  '10-python-v2-order',
])('vector %s is accepted and echoed byte for byte', (name) => {
  const [number, ...rest] = name.split('-');
  const rule = accept(read(`${number}-put-${rest.join('-')}.request.xml`));
  expect(renderXml(ruleNode(rule))).toBe(read(`${number}-get-${rest.join('-')}.response.xml`).toString());
});

test('incremental inventory is refused in the words of the original', () => {
  const error = refusal(read('06-put-incremental.request.xml'));
  expect(error.code).toBe('IncrementalDisabled');
  expect(read('06-put-incremental-denied.response.xml').toString()).toContain(`<Message>${error.message}</Message>`);
});

test('a list of one rule is the vector byte for byte', () => {
  const rules = [accept(read('01-put-minimal.request.xml'))];
  expect(renderXml(ruleListNode({ rules }))).toBe(read('11-list-single.response.xml').toString());
});

test('the pages of a long list are the vectors byte for byte', () => {
  const minimal = accept(read('01-put-minimal.request.xml'));
  const ids = Array.from({ length: 108 }, (_, index) => `rule${index + 1}`).sort();
  const rules = ids.map((id) => ({ ...minimal, id, destination: { ...minimal.destination, prefix: 'bulk' } }));
  const first = { rules: rules.slice(0, 100), nextContinuationToken: 'rule91' };
  const second = { rules: rules.slice(100), continuationToken: 'rule91' };
  expect(renderXml(ruleListNode(first))).toBe(read('12-list-page1.response.xml').toString());
  expect(renderXml(ruleListNode(second))).toBe(read('12-list-page2.response.xml').toString());
});

interface InvalidCase {
  readonly name: string;
  readonly body?: string;
  readonly expected: { readonly ec: string | null };
}

/** The code each error number of the vectors has with us. */
const codeByEc: Readonly<Record<string, ErrorCode>> = {
  '0020-00000004': 'RuleNotXml',
  '0020-00000005': 'RuleIdMissing',
  '0020-00000007': 'RuleIsEnabledMissing',
  '0020-00000008': 'FilterBeginNotInteger',
  '0020-00000010': 'FilterLowerSizeNotInteger',
  '0020-00000011': 'FilterUpperSizeNotInteger',
  '0020-00000013': 'RuleAccountIdMissing',
  '0020-00000014': 'RuleRoleArnMissing',
  '0020-00000016': 'RuleEncryptionAmbiguous',
  '0020-00000017': 'RuleFrequencyMissing',
  '0020-00000018': 'RuleVersionsMissing',
  '0020-00000020': 'RuleScheduleInvalid',
  '0020-00000021': 'FilterPrefixInvalid',
  '0020-00000022': 'FilterTimesInvalid',
  '0020-00000023': 'FilterEndOutOfRange',
  '0020-00000024': 'FilterUpperSizeOutOfRange',
  '0020-00000025': 'FilterLowerSizeOutOfRange',
  '0020-00000026': 'FilterStorageClassUnknown',
  '0020-00000028': 'RuleAccountIdInvalid',
  '0020-00000030': 'DestinationArnInvalid',
  '0020-00000032': 'DestinationUnknown',
  '0020-00000034': 'DestinationPrefixInvalid',
  '0020-00000035': 'RuleSseOssKeyId',
  '0020-00000036': 'RuleFieldUnknown',
  '0020-00000037': 'RuleVersionsInvalid',
  '0020-00000044': 'RuleIdInvalid',
};

/** Faults that lie in the request or the state, and not in the document: as a document, each of these is in order. */
const needState = [
  'accountid-mismatch',
  'bucket-unknown',
  'too-many-rules',
  'weekly-too-big',
  'id-exists',
  'kms-unsupported-region',
  'kms-asymmetric-key',
  'anonymous',
  'feature-off',
];
const withoutDocument = ['delete-without-id', 'list-none'];

const invalidCases: readonly InvalidCase[] = JSON.parse(read('invalid.json').toString());
const bodyOf = (invalid: InvalidCase): Buffer => Buffer.from(invalid.body ?? '');
const isAboutDocument = ({ name }: InvalidCase) => !needState.includes(name) && !withoutDocument.includes(name);

test.each(invalidCases.filter(isAboutDocument))('the invalid vector $name is refused with its EC', (invalid) => {
  const code = codeByEc[invalid.expected.ec ?? ''];
  expect(code).toBeDefined();
  expect(refusal(bodyOf(invalid)).code).toBe(code);
});

test.each(invalidCases.filter(({ name }) => needState.includes(name)))(
  'the document of the invalid vector $name is in order; its fault lies elsewhere',
  (invalid) => {
    expect(accept(bodyOf(invalid))).toBeDefined();
  },
);

const minimal = read('01-put-minimal.request.xml').toString();
const edited = (search: string, replacement: string): Buffer => {
  expect(minimal).toContain(search);
  return Buffer.from(minimal.replace(search, replacement));
};

test('unknown elements, comments and a namespace are ignored and not echoed', () => {
  const body = edited(
    '<InventoryConfiguration>',
    '<InventoryConfiguration xmlns="http://example.com/"><!-- --><New><Id>x</Id></New>',
  );
  expect(accept(body)).toEqual(accept(Buffer.from(minimal)));
});

test('of a repeated element the first counts', () => {
  const body = edited('<Id>nightly-min</Id>', '<Id>first</Id><Id>second</Id>');
  expect(accept(body).id).toBe('first');
});

test('text within SSE-OSS is ignored, a KeyId is not', () => {
  const encrypted = (inside: string) =>
    edited('</OSSBucketDestination>', `<Encryption><SSE-OSS>${inside}</SSE-OSS></Encryption></OSSBucketDestination>`);
  expect(accept(encrypted('AES256')).destination.encryption).toEqual({ method: 'SSE-OSS' });
  expect(refusal(encrypted('<KeyId/>')).code).toBe('RuleSseOssKeyId');
});

test('SSE-KMS without a KeyId means the default key and is echoed as an empty element', () => {
  const body = edited(
    '</OSSBucketDestination>',
    '<Encryption><SSE-KMS><KeyId></KeyId></SSE-KMS></Encryption></OSSBucketDestination>',
  );
  expect(accept(body).destination.encryption).toEqual({ method: 'SSE-KMS' });
  expect(renderXml(ruleNode(accept(body)))).toContain('<Encryption>\n        <SSE-KMS/>\n');
});

test('a destination without its inner container lacks everything, beginning with the format', () => {
  const body = Buffer.from(minimal.replaceAll('OSSBucketDestination>', 'S3BucketDestination>'));
  expect(refusal(body).code).toBe('RuleFormatMissing');
});

test('another root is refused, and what the XML parser refuses keeps its message and cause', () => {
  expect(refusal(Buffer.from('<RootNode/>')).message).toBe('The root element must be InventoryConfiguration');
  const error = refusal(Buffer.from('<!DOCTYPE a><InventoryConfiguration/>'));
  expect(error.code).toBe('RuleNotXml');
  expect(error.message).toContain('document type');
  expect(error.cause).toBeInstanceOf(DomainError);
});

test('a body may have 64 KiB and not a byte more', () => {
  const padded = (bytes: number) => Buffer.from(minimal.padEnd(bytes, ' '));
  expect(accept(padded(RULE_DOCUMENT_LIMITS.maxBytes)).id).toBe('nightly-min');
  expect(refusal(padded(RULE_DOCUMENT_LIMITS.maxBytes + 1)).code).toBe('RuleNotXml');
});

test('any rule that is echoed reads back as the same rule', () => {
  fc.assert(
    fc.property(anyRule(), (rule) => {
      expect(accept(Buffer.from(renderXml(ruleNode(rule))))).toStrictEqual(rule);
    }),
    { numRuns: 500 },
  );
});

test('whatever is done to a rule document, the answer is a rule or a DomainError', () => {
  const document = read('02-put-filters-kms.request.xml');
  const edit = fc.record({ at: fc.nat(document.length), remove: fc.nat(30), insert: fc.string({ unit: 'binary' }) });
  fc.assert(
    fc.property(edit, ({ at, remove, insert }) => {
      const body = Buffer.concat([document.subarray(0, at), Buffer.from(insert), document.subarray(at + remove)]);
      try {
        accept(body);
      } catch (error) {
        expect(error).toBeInstanceOf(DomainError);
      }
    }),
    { numRuns: 1_000 },
  );
});

/** A random rule, bounded so that Begin <= End < now and Lower <= Upper. */
function anyRule(): fc.Arbitrary<Rule> {
  const filter = fc.record(
    {
      prefix: plainText({ maxLength: 1_023, without: /&/ }),
      lastModifiedBegin: fc.integer({ min: 1_262_275_200, max: 1_500_000_000 }),
      lastModifiedEnd: fc.integer({ min: 1_500_000_000, max: nowSeconds - 1 }),
      lowerSizeBytes: fc.nat(1_000_000),
      upperSizeBytes: fc.integer({ min: 1_000_000, max: 54_975_581_388_800 }),
      storageClasses: fc.constantFrom(['All'], ['Archive'], ['ColdArchive', 'IA', 'Standard']),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  const destination = fc.record(
    {
      format: fc.constant('CSV' as const),
      accountId: fc.stringMatching(/^\d{16}$/),
      roleArn: fc.stringMatching(/^acs:ram::\d{16}:role\/[a-z.-]{1,64}$/),
      bucket: fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/),
      prefix: plainText({ maxLength: 1_023, without: /^\/|[%&$@^*!#?\\]/ }),
      encryption: fc.oneof(
        fc.constant({ method: 'SSE-OSS' as const }),
        fc.record(
          { method: fc.constant('SSE-KMS' as const), keyId: fc.uuid() },
          { requiredKeys: ['method'], noNullPrototype: true },
        ),
      ),
    },
    { requiredKeys: ['format', 'accountId', 'roleArn', 'bucket'], noNullPrototype: true },
  );
  const schedule: fc.Arbitrary<RuleSchedule> = fc.oneof(
    fc.constantFrom(...FREQUENCIES).map((frequency) => ({ frequency })),
    fc.integer({ min: 1, max: 31 }).map((dayOfMonth) => ({ frequency: 'Monthly' as const, dayOfMonth })),
    fc.boolean().map((autoDelete) => ({ frequency: 'Once' as const, autoDelete })),
  );
  const rule = {
    id: plainText({ maxLength: 192 }),
    isEnabled: fc.boolean(),
    filter,
    destination,
    schedule,
    includedObjectVersions: fc.constantFrom(...OBJECT_VERSIONS),
    optionalFields: fc.shuffledSubarray([...OPTIONAL_FIELDS]),
  };
  return fc.record(rule, { noNullPrototype: true });
}

function plainText({ maxLength, without }: { maxLength: number; without?: RegExp }): fc.Arbitrary<string> {
  const character = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 });
  const plain = character.filter((each) => !/[\p{Cc}\uFFFE\uFFFF]/u.test(each));
  return fc.string({ unit: plain, minLength: 1, maxLength }).filter((text) => !without?.test(text));
}
