import { DomainError } from '../../../core/errors.ts';
import { bucketOf, type Operation } from '../operation.ts';

/** GetBucketPolicy (protocol sheet, section 4.3): the text that was put. */
export const getBucketPolicy: Operation = {
  name: 'GetBucketPolicy',
  method: 'GET',
  level: 'bucket',
  subresource: 'policy',
  action: 'oss:GetBucketPolicy',
  resource: 'bucket',
  async handle(exchange) {
    const { name, policy } = bucketOf(exchange);
    if (policy !== undefined) return { status: 200, headers: { 'Content-Type': 'application/json' }, body: policy };
    throw new DomainError('NoSuchBucketPolicy', 'The bucket policy does not exist.', { BucketName: name });
  },
};
