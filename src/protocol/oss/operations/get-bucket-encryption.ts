import { DomainError } from '../../../core/errors.ts';
import { encryptionRuleNode } from '../encryption-rule.ts';
import { bucketOf, type Operation, xmlReply } from '../operation.ts';

/** GetBucketEncryption (protocol sheet, section 5.1). */
export const getBucketEncryption: Operation = {
  name: 'GetBucketEncryption',
  method: 'GET',
  level: 'bucket',
  subresource: 'encryption',
  action: 'oss:GetBucketEncryption',
  resource: 'bucket',
  async handle(exchange) {
    const { name, encryption } = bucketOf(exchange);
    if (encryption !== undefined) return xmlReply(encryptionRuleNode(encryption));
    throw new DomainError('NoSuchEncryptionRule', 'The server side encryption configuration was not found.', {
      BucketName: name,
    });
  },
};
