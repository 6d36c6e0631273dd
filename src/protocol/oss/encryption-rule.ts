/** The default encryption of a bucket as XML (protocol sheet, section 5.1). */

import { assertLegalKeyId } from '../../core/encryption-key.ts';
import { DomainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { EncryptionChoice } from '../../core/stored-object.ts';
import { child, childText, node, type XmlElement, type XmlNode } from '../../core/xml.ts';

export const ENCRYPTION_ROOT = 'ServerSideEncryptionRule';
const DEFAULT = 'ApplyServerSideEncryptionByDefault';

/** Reads a PUT body. Elements that are there and empty say nothing: oss2 writes `KMSMasterKeyID` so. */
export function readEncryptionRule(root: XmlElement): EncryptionChoice {
  const rule = child(root, DEFAULT);
  const text = (name: string) => (rule && childText(rule, name)?.trim()) || undefined;
  const algorithm = text('SSEAlgorithm');
  const keyId = text('KMSMasterKeyID');
  const dataEncryption = text('KMSDataEncryption');
  if (algorithm === undefined) {
    throw new DomainError('MalformedXml', `${ENCRYPTION_ROOT} has no ${DEFAULT}/SSEAlgorithm.`);
  }
  assertServed(algorithm);
  if (algorithm === 'AES256' && keyId !== undefined) {
    throw new DomainError(
      'InvalidArgument',
      'KMSMasterKeyID is not applicable if the default sse algorithm is not KMS.',
      { ArgumentName: 'KMSMasterKeyID', ArgumentValue: printable(keyId) },
    );
  }
  if (dataEncryption !== undefined) {
    throw new DomainError(
      'NotImplemented',
      `KMSDataEncryption is "${printable(dataEncryption)}" where only its absence, which means AES256, is implemented.`,
    );
  }
  if (algorithm === 'AES256' || keyId === undefined) return { algorithm };
  assertLegalKeyId(keyId);
  return { algorithm, keyId };
}

/** What a bucket encrypts with; without a choice the word that GetBucketInfo has for that. */
export function encryptionNodes(choice: EncryptionChoice | undefined): XmlNode[] {
  if (choice === undefined) return [node('SSEAlgorithm', 'None')];
  const keyId = choice.algorithm === 'KMS' ? choice.keyId : undefined;
  return [node('SSEAlgorithm', choice.algorithm), ...(keyId === undefined ? [] : [node('KMSMasterKeyID', keyId)])];
}

/** A rule as GET answers it. */
export function encryptionRuleNode(choice: EncryptionChoice): XmlNode {
  return node(ENCRYPTION_ROOT, [node(DEFAULT, encryptionNodes(choice))]);
}

function assertServed(algorithm: string): asserts algorithm is EncryptionChoice['algorithm'] {
  if (algorithm === 'AES256' || algorithm === 'KMS') return;
  if (algorithm === 'SM4') {
    throw new DomainError('NotImplemented', 'SSEAlgorithm is SM4, which is not implemented; AES256, KMS are accepted.');
  }
  throw new DomainError(
    'EncryptionAlgorithmInvalid',
    `The Encryption request you specified is not valid: SSEAlgorithm is "${printable(algorithm)}". Supported value: AES256/KMS.`,
    { ArgumentName: 'SSEAlgorithm', ArgumentValue: printable(algorithm) },
  );
}
