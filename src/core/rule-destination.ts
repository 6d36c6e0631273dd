/**
 * The destination of a rule: every value for itself (EC 27 to 32, 34 and 38 in the inventory sheet, section 3.3),
 * then the one thing that depends on another (EC 35). Whether the bucket, the role and the key exist is for those
 * who hold the state.
 */
import { isLegalBucketName, MAX_BUCKET_NAME, MIN_BUCKET_NAME } from './bucket.ts';
import {
  BUCKET_ARN_PREFIX,
  MAX_RULE_PREFIX_CHARACTERS,
  parseRoleArn,
  type RuleDestination,
  type RuleEncryption,
} from './rule.ts';
import type { EncryptionDraft } from './rule-draft.ts';
import type { DestinationNodes } from './rule-nodes.ts';
import { countCharacters, isPlainText, trimBlanks, wrongValue } from './rule-text.ts';
import { withoutUndefined } from './without-undefined.ts';

/** Checks each value for itself, in the order of the properties below. */
export function checkDestination(nodes: DestinationNodes): RuleDestination {
  return {
    format: checkFormat(nodes.format),
    accountId: checkAccountId(nodes.accountId),
    roleArn: checkRoleArn(nodes.roleArn),
    bucket: checkBucket(nodes.bucket),
    ...withoutUndefined({
      prefix: checkPrefix(nodes.prefix ?? ''),
      encryption: readEncryption(nodes.encryption),
    }),
  };
}

/** SSE-OSS has no keys to choose from, so a key id there is a misunderstanding worth an answer. */
export function refuseSseOssKeyId(encryption: EncryptionDraft | undefined): void {
  const value = encryption?.sseOss?.keyId;
  if (value === undefined) return;
  const element = 'Encryption/SSE-OSS/KeyId';
  throw wrongValue('RuleSseOssKeyId', { element, value, expected: 'be left out; only SSE-KMS takes a KeyId' });
}

function checkFormat(value: string): 'CSV' {
  if (value === 'CSV') return value;
  throw wrongValue('RuleFormatInvalid', { element: 'OSSBucketDestination/Format', value, expected: 'be CSV' });
}

function checkAccountId(value: string): string {
  if (value !== '') return value;
  const expected = 'be the id of the account that owns the destination bucket';
  throw wrongValue('RuleAccountIdInvalid', { element: 'OSSBucketDestination/AccountId', value, expected });
}

function checkRoleArn(value: string): string {
  if (parseRoleArn(value) !== undefined) return value;
  const expected = 'have the form acs:ram::<account id>:role/<role name>';
  throw wrongValue('RuleRoleArnInvalid', { element: 'OSSBucketDestination/RoleArn', value, expected });
}

/** Form, then length, then alphabet: the overlap of EC 31 and 32 is settled by the samples of their pages. */
function checkBucket(value: string): string {
  const element = 'OSSBucketDestination/Bucket';
  if (!value.startsWith(BUCKET_ARN_PREFIX)) {
    throw wrongValue('DestinationArnInvalid', { element, value, expected: `have the form ${BUCKET_ARN_PREFIX}<name>` });
  }
  const name = value.slice(BUCKET_ARN_PREFIX.length);
  if (name.length < MIN_BUCKET_NAME || name.length > MAX_BUCKET_NAME) {
    const expected = `end with a bucket name of ${MIN_BUCKET_NAME} to ${MAX_BUCKET_NAME} characters`;
    throw wrongValue('DestinationNameLength', { element, value, expected });
  }
  if (!isLegalBucketName(name)) {
    const expected = 'end with a bucket name of a-z, 0-9 and "-", with a letter or digit at both ends';
    throw wrongValue('DestinationUnknown', { element, value, expected });
  }
  return name;
}

/** What the page of EC 34 shows as special characters, and what would make a key nobody can address. */
const specialCharacters = /^\/|[%&$@^*!#?\\]/;

function checkPrefix(value: string): string | undefined {
  const element = 'OSSBucketDestination/Prefix';
  if (value === '') return undefined;
  if (specialCharacters.test(value) || !isPlainText(value)) {
    const expected = 'not begin with "/" nor hold control characters or any of % & $ @ ^ * ! # ? \\';
    throw wrongValue('DestinationPrefixInvalid', { element, value, expected });
  }
  if (countCharacters(value) > MAX_RULE_PREFIX_CHARACTERS) {
    const expected = `have at most ${MAX_RULE_PREFIX_CHARACTERS} characters`;
    throw wrongValue('RuleTextTooLong', { element, value, expected });
  }
  return value;
}

function readEncryption(encryption: EncryptionDraft | undefined): RuleEncryption | undefined {
  if (encryption?.sseOss !== undefined) return { method: 'SSE-OSS' };
  if (encryption?.sseKms === undefined) return undefined;
  const keyId = trimBlanks(encryption.sseKms.keyId ?? '');
  return keyId === '' ? { method: 'SSE-KMS' } : { method: 'SSE-KMS', keyId };
}
