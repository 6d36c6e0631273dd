import { expect, test } from 'vitest';
import { DomainError, type ErrorCode } from './errors.ts';
import { MAX_FILTER_SIZE_BYTES, MAX_FILTER_TIME_SECONDS, MIN_FILTER_TIME_SECONDS, parseRoleArn } from './rule.ts';
import { checkRule } from './rule-check.ts';
import type { DestinationDraft, FilterDraft, IncrementalDraft, RuleDraft, ScheduleDraft } from './rule-draft.ts';

const nowSeconds = 1_791_158_400;

const destination: DestinationDraft = {
  format: 'CSV',
  accountId: '1420563387190042',
  roleArn: 'acs:ram::1420563387190042:role/acme-inventory-writer',
  bucket: 'acs:oss:::acme-reports',
};

const draft: RuleDraft = {
  id: 'nightly',
  isEnabled: 'true',
  destination,
  schedule: { frequency: 'Daily' },
  includedObjectVersions: 'Current',
};

const withFilter = (filter: FilterDraft): RuleDraft => ({ ...draft, filter });
const withSchedule = (schedule: ScheduleDraft): RuleDraft => ({ ...draft, schedule });
const withFields = (...optionalFields: string[]): RuleDraft => ({ ...draft, optionalFields });
const withIncremental = (incrementalInventory: IncrementalDraft): RuleDraft => ({ ...draft, incrementalInventory });
const withDestination = (change: DestinationDraft): RuleDraft => ({
  ...draft,
  destination: { ...destination, ...change },
});

const check = (given: RuleDraft) => checkRule(given, nowSeconds);

function refusal(given: RuleDraft): DomainError {
  try {
    check(given);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

test('a draft of the required nodes alone becomes a rule without anything optional', () => {
  expect(check(draft)).toStrictEqual({
    id: 'nightly',
    isEnabled: true,
    filter: {},
    destination: { ...destination, bucket: 'acme-reports' },
    schedule: { frequency: 'Daily' },
    includedObjectVersions: 'Current',
    optionalFields: [],
  });
});

test('blanks around words, numbers and ARNs are trimmed, those of the Id and the prefixes are kept', () => {
  const rule = check({
    id: ' x ',
    isEnabled: '\n  True\t',
    filter: { prefix: ' a ', lowerSizeBytes: ' 0012\r\n', storageClass: ' IA ' },
    destination: {
      format: ' CSV ',
      accountId: ' 1 ',
      roleArn: '\tacs:ram::1:role/r ',
      bucket: ' acs:oss:::abc ',
      prefix: ' p ',
      encryption: { sseKms: { keyId: ' k ' } },
    },
    schedule: { frequency: ' Monthly ', dayOfMonth: ' 7 ' },
    includedObjectVersions: ' All ',
    optionalFields: [' Size '],
  });
  expect(rule).toStrictEqual({
    id: ' x ',
    isEnabled: true,
    filter: { prefix: ' a ', lowerSizeBytes: 12, storageClasses: ['IA'] },
    destination: {
      format: 'CSV',
      accountId: '1',
      roleArn: 'acs:ram::1:role/r',
      bucket: 'abc',
      prefix: ' p ',
      encryption: { method: 'SSE-KMS', keyId: 'k' },
    },
    schedule: { frequency: 'Monthly', dayOfMonth: 7 },
    includedObjectVersions: 'All',
    optionalFields: ['Size'],
  });
});

test('optional elements that are empty count as absent', () => {
  const rule = check({
    ...draft,
    filter: {
      prefix: '',
      lastModifiedBegin: '',
      lastModifiedEnd: ' ',
      lowerSizeBytes: '',
      upperSizeBytes: '',
      storageClass: '',
    },
    destination: { ...destination, prefix: '', encryption: {} },
    schedule: { frequency: 'Monthly', dayOfMonth: '' },
    optionalFields: [],
  });
  expect(rule.filter).toStrictEqual({});
  expect(rule.destination).toStrictEqual({ ...destination, bucket: 'acme-reports' });
  expect(rule.schedule).toStrictEqual({ frequency: 'Monthly' });
});

test('a rule says the same after a trip through JSON', () => {
  const rule = check({ ...draft, filter: { lowerSizeBytes: '-0', storageClass: 'IA,Archive' } });
  expect(rule.filter).toStrictEqual({ lowerSizeBytes: 0, storageClasses: ['Archive', 'IA'] });
  expect(JSON.parse(JSON.stringify(rule))).toStrictEqual(rule);
});

const missing: readonly [keyof RuleDraft | keyof DestinationDraft | 'frequency', RuleDraft, ErrorCode][] = [
  ['id', { ...draft, id: undefined }, 'RuleIdMissing'],
  ['isEnabled', { ...draft, isEnabled: undefined }, 'RuleIsEnabledMissing'],
  ['format', withDestination({ format: undefined }), 'RuleFormatMissing'],
  ['accountId', withDestination({ accountId: undefined }), 'RuleAccountIdMissing'],
  ['roleArn', withDestination({ roleArn: undefined }), 'RuleRoleArnMissing'],
  ['bucket', withDestination({ bucket: undefined }), 'RuleBucketMissing'],
  ['destination', { ...draft, destination: undefined }, 'RuleFormatMissing'],
  ['frequency', withSchedule({}), 'RuleFrequencyMissing'],
  ['schedule', { ...draft, schedule: undefined }, 'RuleFrequencyMissing'],
  ['includedObjectVersions', { ...draft, includedObjectVersions: undefined }, 'RuleVersionsMissing'],
];

test.each(missing)('a draft without %s is refused as incomplete', (_name, given, code) => {
  expect(refusal(given).code).toBe(code);
});

const farFuture = '9'.repeat(400);

const wrong: readonly [string, RuleDraft, ErrorCode][] = [
  ['an Id of no characters', { ...draft, id: '' }, 'RuleIdInvalid'],
  ['an Id of 193 characters', { ...draft, id: 'i'.repeat(193) }, 'RuleIdInvalid'],
  ['an Id with a control character', { ...draft, id: 'a\nb' }, 'RuleIdInvalid'],
  ['an Id with half a character', { ...draft, id: 'a\uD800' }, 'RuleIdInvalid'],
  ['IsEnabled yes', { ...draft, isEnabled: 'yes' }, 'RuleIsEnabledNotBoolean'],
  ['an empty IsEnabled', { ...draft, isEnabled: '' }, 'RuleIsEnabledNotBoolean'],
  ['a filter prefix of 1,024 characters', withFilter({ prefix: 'p'.repeat(1_024) }), 'FilterPrefixInvalid'],
  ['a filter prefix with an ampersand', withFilter({ prefix: 'a&b' }), 'FilterPrefixInvalid'],
  ['a filter prefix with a control character', withFilter({ prefix: 'a\u007F' }), 'FilterPrefixInvalid'],
  ['Begin in hexadecimal', withFilter({ lastModifiedBegin: '0x10' }), 'FilterBeginNotInteger'],
  ['Begin with a fraction', withFilter({ lastModifiedBegin: '1.5' }), 'FilterBeginNotInteger'],
  ['Begin with a plus', withFilter({ lastModifiedBegin: '+1' }), 'FilterBeginNotInteger'],
  ['Begin before 2010', withFilter({ lastModifiedBegin: `${MIN_FILTER_TIME_SECONDS - 1}` }), 'FilterTimesInvalid'],
  ['Begin at this very second', withFilter({ lastModifiedBegin: `${nowSeconds}` }), 'FilterTimesInvalid'],
  ['End that is no number', withFilter({ lastModifiedEnd: 'abc' }), 'FilterEndNotInteger'],
  ['End before 2010', withFilter({ lastModifiedEnd: `${MIN_FILTER_TIME_SECONDS - 1}` }), 'FilterEndOutOfRange'],
  ['End after 9999', withFilter({ lastModifiedEnd: `${MAX_FILTER_TIME_SECONDS + 1}` }), 'FilterEndOutOfRange'],
  ['End of 400 digits', withFilter({ lastModifiedEnd: farFuture }), 'FilterEndOutOfRange'],
  ['End at this very second', withFilter({ lastModifiedEnd: `${nowSeconds}` }), 'FilterTimesInvalid'],
  ['a lower size below zero', withFilter({ lowerSizeBytes: '-1' }), 'FilterLowerSizeOutOfRange'],
  ['a lower size over 50 TiB', withFilter({ lowerSizeBytes: '54975581388801' }), 'FilterLowerSizeOutOfRange'],
  ['an upper size of zero', withFilter({ upperSizeBytes: '0' }), 'FilterUpperSizeOutOfRange'],
  ['an upper size over 50 TiB', withFilter({ upperSizeBytes: '54975581388801' }), 'FilterUpperSizeOutOfRange'],
  ['a storage class after a blank', withFilter({ storageClass: 'IA, Standard' }), 'FilterStorageClassUnknown'],
  ['a storage class in lower case', withFilter({ storageClass: 'standard' }), 'FilterStorageClassUnknown'],
  ['a storage class list that ends early', withFilter({ storageClass: 'IA,' }), 'FilterStorageClassUnknown'],
  ['the format Parquet', withDestination({ format: 'Parquet' }), 'RuleFormatInvalid'],
  ['an empty format', withDestination({ format: '' }), 'RuleFormatInvalid'],
  ['an account id of blanks', withDestination({ accountId: ' \n' }), 'RuleAccountIdInvalid'],
  ['a role by its bare name', withDestination({ roleArn: 'writer' }), 'RuleRoleArnInvalid'],
  ['an empty role', withDestination({ roleArn: '' }), 'RuleRoleArnInvalid'],
  ['an empty bucket', withDestination({ bucket: '' }), 'DestinationArnInvalid'],
  ['a bucket name of two characters', withDestination({ bucket: 'acs:oss:::bu' }), 'DestinationNameLength'],
  ['a bucket name of 64', withDestination({ bucket: `acs:oss:::${'b'.repeat(64)}` }), 'DestinationNameLength'],
  ['a bucket name that ends with a hyphen', withDestination({ bucket: 'acs:oss:::abc-' }), 'DestinationUnknown'],
  ['a bucket with a path', withDestination({ bucket: 'acs:oss:::abc/d' }), 'DestinationUnknown'],
  ['a destination prefix with a backslash', withDestination({ prefix: 'a\\b' }), 'DestinationPrefixInvalid'],
  ['a destination prefix with a question mark', withDestination({ prefix: 'a?b' }), 'DestinationPrefixInvalid'],
  ['a destination prefix that begins with a slash', withDestination({ prefix: '/a' }), 'DestinationPrefixInvalid'],
  ['a destination prefix with a control character', withDestination({ prefix: 'a\u0085' }), 'DestinationPrefixInvalid'],
  ['a destination prefix of 1,024', withDestination({ prefix: 'p'.repeat(1_024) }), 'RuleTextTooLong'],
  ['a key id within SSE-OSS', withDestination({ encryption: { sseOss: { keyId: 'k' } } }), 'RuleSseOssKeyId'],
  ['two encryptions', withDestination({ encryption: { sseOss: {}, sseKms: {} } }), 'RuleEncryptionAmbiguous'],
  ['an empty frequency', withSchedule({ frequency: '' }), 'RuleScheduleInvalid'],
  ['the day 0', withSchedule({ frequency: 'Monthly', dayOfMonth: '0' }), 'RuleScheduleInvalid'],
  ['the day 32', withSchedule({ frequency: 'Monthly', dayOfMonth: '32' }), 'RuleScheduleInvalid'],
  ['the day "last"', withSchedule({ frequency: 'Monthly', dayOfMonth: 'last' }), 'RuleScheduleInvalid'],
  ['AutoDelete 1', withSchedule({ frequency: 'Once', autoDelete: '1' }), 'RuleScheduleInvalid'],
  ['an empty field', withFields('Size', ''), 'RuleFieldUnknown'],
  ['a field in another case', withFields('size'), 'RuleFieldUnknown'],
  ['versions in another case', { ...draft, includedObjectVersions: 'all' }, 'RuleVersionsInvalid'],
];

test.each(wrong)('%s is refused', (_name, given, code) => {
  expect(refusal(given).code).toBe(code);
});

test('the last value inside each bound is accepted', () => {
  const characters = '😀'.repeat(192);
  expect(check({ ...draft, id: characters }).id).toBe(characters);
  const filter = {
    prefix: 'p'.repeat(1_023),
    lastModifiedBegin: MIN_FILTER_TIME_SECONDS,
    lastModifiedEnd: nowSeconds - 1,
    lowerSizeBytes: MAX_FILTER_SIZE_BYTES,
    upperSizeBytes: MAX_FILTER_SIZE_BYTES,
  };
  const asText = Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, String(value)]));
  expect(check(withFilter(asText)).filter).toStrictEqual(filter);
  expect(check(withDestination({ prefix: 'p'.repeat(1_023) })).destination.prefix).toHaveLength(1_023);
  expect(check(withSchedule({ frequency: 'Monthly', dayOfMonth: '31' })).schedule.dayOfMonth).toBe(31);
});

test('what belongs to another frequency is ignored, whatever it holds', () => {
  expect(check(withSchedule({ frequency: 'Daily', dayOfMonth: '99', autoDelete: 'maybe' })).schedule).toStrictEqual({
    frequency: 'Daily',
  });
  expect(check(withSchedule({ frequency: 'Once', dayOfMonth: '5', autoDelete: 'FALSE' })).schedule).toStrictEqual({
    frequency: 'Once',
    autoDelete: false,
  });
});

test('fields keep their order, once each, in our spelling, fixed columns among them', () => {
  const given = withFields(
    'ETag',
    'Key',
    'CRC64',
    'Size',
    'TransistionTime',
    'ETag',
    'Crc64',
    'VersionId',
    'IsDeleteMarker',
  );
  expect(check(given).optionalFields).toEqual([
    'ETag',
    'Key',
    'Crc64',
    'Size',
    'TransitionTime',
    'VersionId',
    'IsDeleteMarker',
  ]);
});

test('storage classes are kept in byte order, and All among others means All', () => {
  const classesOf = (storageClass: string) => check(withFilter({ storageClass })).filter.storageClasses;
  expect(classesOf('Standard,IA,Standard,DeepColdArchive')).toEqual(['DeepColdArchive', 'IA', 'Standard']);
  expect(classesOf('All')).toEqual(['All']);
  expect(classesOf('Standard,All')).toEqual(['All']);
});

const twoFaults: readonly [string, RuleDraft, ErrorCode][] = [
  ['a missing Id before a wrong IsEnabled', { ...draft, id: undefined, isEnabled: 'other' }, 'RuleIdMissing'],
  [
    'a missing node at the end before a wrong value at the start',
    { ...draft, id: '', includedObjectVersions: undefined },
    'RuleVersionsMissing',
  ],
  [
    'two encryptions before a key id within SSE-OSS',
    withDestination({ encryption: { sseOss: { keyId: 'k' }, sseKms: {} } }),
    'RuleEncryptionAmbiguous',
  ],
  [
    'two encryptions before a missing frequency',
    { ...withDestination({ encryption: { sseOss: {}, sseKms: {} } }), schedule: {} },
    'RuleEncryptionAmbiguous',
  ],
  [
    'a missing account before two encryptions',
    withDestination({ accountId: undefined, encryption: { sseOss: {}, sseKms: {} } }),
    'RuleAccountIdMissing',
  ],
  [
    'a bad frequency before Lower > Upper',
    { ...withFilter({ lowerSizeBytes: '1024', upperSizeBytes: '123' }), schedule: { frequency: 'Hourly' } },
    'RuleScheduleInvalid',
  ],
  [
    'the range of End before Begin > End',
    withFilter({ lastModifiedBegin: '1767196800', lastModifiedEnd: '1' }),
    'FilterEndOutOfRange',
  ],
  [
    'an unknown storage class before Begin > End',
    withFilter({ lastModifiedBegin: '1767196801', lastModifiedEnd: '1767196800', storageClass: 'Warm' }),
    'FilterStorageClassUnknown',
  ],
  [
    'the range of Upper before Lower > Upper',
    withFilter({ lowerSizeBytes: '5', upperSizeBytes: '0' }),
    'FilterUpperSizeOutOfRange',
  ],
  [
    'a bad Id before Lower > Upper',
    { ...withFilter({ lowerSizeBytes: '2', upperSizeBytes: '1' }), id: '' },
    'RuleIdInvalid',
  ],
  [
    'times before sizes',
    withFilter({ lastModifiedEnd: '4102444800', lowerSizeBytes: '2', upperSizeBytes: '1' }),
    'FilterTimesInvalid',
  ],
  [
    'any other fault before incremental inventory',
    { ...withFields('StartTime'), incrementalInventory: { isEnabled: 'true', frequency: '600' } },
    'RuleFieldUnknown',
  ],
];

test.each(twoFaults)('of two faults the earlier class answers: %s', (_name, given, code) => {
  expect(refusal(given).code).toBe(code);
});

test.each<[string, IncrementalDraft, ErrorCode]>([
  ['in good form', { isEnabled: 'true', frequency: '600', optionalFields: ['RequestId'] }, 'IncrementalDisabled'],
  ['even when switched off', { isEnabled: 'false', frequency: '600' }, 'IncrementalDisabled'],
  ['without IsEnabled', { frequency: '600' }, 'RuleIsEnabledMissing'],
  ['with IsEnabled perhaps', { isEnabled: 'perhaps', frequency: '600' }, 'RuleIsEnabledNotBoolean'],
  ['without a frequency', { isEnabled: 'true' }, 'RuleFrequencyMissing'],
  ['every minute', { isEnabled: 'true', frequency: '60' }, 'RuleScheduleInvalid'],
  [
    'with a column it does not have',
    { isEnabled: 'true', frequency: '600', optionalFields: ['TaggingCount'] },
    'RuleFieldUnknown',
  ],
])('incremental inventory is refused: %s', (_name, incremental, code) => {
  expect(refusal(withIncremental(incremental)).code).toBe(code);
});

test('a refusal names the element, the value and what would be accepted', () => {
  const error = refusal(withSchedule({ frequency: 'Hourly' }));
  expect(error.message).toBe('Schedule/Frequency is "Hourly"; it must be one of Daily, Weekly, Monthly, Once');
  expect(error.details).toEqual({ ArgumentName: 'Schedule/Frequency', ArgumentValue: 'Hourly' });
});

test('a refusal shows no more than a hundred characters of a value, all of them printable', () => {
  const { details } = refusal({ ...draft, id: `a\n\u202E😀${'i'.repeat(300)}` });
  expect(details.ArgumentValue).toBe(`a\uFFFD\uFFFD😀${'i'.repeat(96)}…`);
});

test('the ARN of a role gives its account and its name', () => {
  expect(parseRoleArn('acs:ram::42:role/a.b-c_D')).toEqual({ accountId: '42', roleName: 'a.b-c_D' });
  for (const text of ['acs:ram::42:user/a', 'acs:ram::x:role/a', 'acs:ram::42:role/', 'acs:ram::42:role/a/b', '']) {
    expect(parseRoleArn(text)).toBeUndefined();
  }
});

test('a number that is refused is shown as it was sent, whatever its size', () => {
  const sent = `${2n ** 53n + 1n}`;
  expect(() => check(withFilter({ lowerSizeBytes: sent }))).toThrow(new RegExp(`LowerSizeBound is "${sent}"`));
  expect(() => check(withFilter({ upperSizeBytes: '9'.repeat(60_000) }))).toThrow(/UpperSizeBound is "9{100}…"/);
});
