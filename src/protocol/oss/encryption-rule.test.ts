import { expect, test } from 'vitest';
import type { EncryptionChoice } from '../../core/stored-object.ts';
import { parseXml, renderXml } from '../../core/xml.ts';
import { encryptionRuleNode, readEncryptionRule } from './encryption-rule.ts';

const parse = (document: string) =>
  parseXml(Buffer.from(document), { maxBytes: 10_000, maxDepth: 8, maxElements: 100 });
const rule = (inner: string) =>
  parse(
    `<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault>${inner}</ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>`,
  );

test.each<[string, EncryptionChoice]>([
  ['<SSEAlgorithm>AES256</SSEAlgorithm>', { algorithm: 'AES256' }],
  ['<SSEAlgorithm> AES256 </SSEAlgorithm><KMSMasterKeyID/>', { algorithm: 'AES256' }],
  ['<SSEAlgorithm>KMS</SSEAlgorithm>', { algorithm: 'KMS' }],
  ['<SSEAlgorithm>KMS</SSEAlgorithm><KMSMasterKeyID></KMSMasterKeyID>', { algorithm: 'KMS' }],
  ['<KMSMasterKeyID>team/a</KMSMasterKeyID><SSEAlgorithm>KMS</SSEAlgorithm>', { algorithm: 'KMS', keyId: 'team/a' }],
])('%s is read', (inner, choice) => {
  expect(readEncryptionRule(rule(inner))).toEqual(choice);
});

test.each<EncryptionChoice>([{ algorithm: 'AES256' }, { algorithm: 'KMS' }, { algorithm: 'KMS', keyId: 'k' }])(
  '%o is written as it is read',
  (choice) => {
    expect(readEncryptionRule(parse(renderXml(encryptionRuleNode(choice))))).toEqual(choice);
  },
);

test.each([
  ['<KMSMasterKeyID>k</KMSMasterKeyID>', 'MalformedXml', 'no ApplyServerSideEncryptionByDefault/SSEAlgorithm'],
  ['<SSEAlgorithm>random</SSEAlgorithm>', 'EncryptionAlgorithmInvalid', '"random"'],
  ['<SSEAlgorithm>aes256</SSEAlgorithm>', 'EncryptionAlgorithmInvalid', 'AES256/KMS'],
  ['<SSEAlgorithm>SM4</SSEAlgorithm>', 'NotImplemented', 'AES256, KMS are accepted'],
  [
    '<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>',
    'InvalidArgument',
    'KMSMasterKeyID is not applicable if the default sse algorithm is not KMS.',
  ],
  [
    '<SSEAlgorithm>KMS</SSEAlgorithm><KMSDataEncryption>SM4</KMSDataEncryption>',
    'NotImplemented',
    'KMSDataEncryption is "SM4"',
  ],
  ['<SSEAlgorithm>KMS</SSEAlgorithm><KMSMasterKeyID>service</KMSMasterKeyID>', 'InvalidArgument', '"service"'],
  [
    `<SSEAlgorithm>KMS</SSEAlgorithm><KMSMasterKeyID>${'k'.repeat(65)}</KMSMasterKeyID>`,
    'InvalidArgument',
    '1 to 64 of',
  ],
])('%s is %s', (inner, code, words) => {
  expect(() => readEncryptionRule(rule(inner))).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(words) }),
  );
});

test('a rule without its one element is malformed', () => {
  expect(() => readEncryptionRule(parse('<ServerSideEncryptionRule/>'))).toThrow(
    expect.objectContaining({ code: 'MalformedXml' }),
  );
});
