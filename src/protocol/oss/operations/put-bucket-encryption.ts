import { readSetting } from '../document-body.ts';
import { ENCRYPTION_ROOT, readEncryptionRule } from '../encryption-rule.ts';
import { bucketOf, emptyReply, type Operation } from '../operation.ts';

/** PutBucketEncryption (protocol sheet, section 5.1). Whether a key that it names can be used is seen at its use. */
export const putBucketEncryption: Operation = {
  name: 'PutBucketEncryption',
  method: 'PUT',
  level: 'bucket',
  subresource: 'encryption',
  action: 'oss:PutBucketEncryption',
  resource: 'bucket',
  async handle(exchange) {
    const { request, services } = exchange;
    const bucket = bucketOf(exchange);
    const encryption = readEncryptionRule(await readSetting(request, ENCRYPTION_ROOT));
    await services.store.changeBucket(bucket, { encryption });
    return emptyReply(200);
  },
};
