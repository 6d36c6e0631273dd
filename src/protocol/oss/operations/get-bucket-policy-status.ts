import { bucketPolicyOf } from '../../../access/bucket-policy.ts';
import { parseIpRange } from '../../../core/ip-range.ts';
import type { Condition, Statement } from '../../../core/policy.ts';
import { node } from '../../../core/xml.ts';
import { bucketOf, type Operation, xmlReply } from '../operation.ts';

/** GetBucketPolicyStatus: whether the bucket policy lets everybody in; without one it doesn't. */
export const getBucketPolicyStatus: Operation = {
  name: 'GetBucketPolicyStatus',
  method: 'GET',
  level: 'bucket',
  subresource: 'policyStatus',
  action: 'oss:GetBucketPolicyStatus',
  resource: 'bucket',
  async handle(exchange) {
    const isPublic = bucketPolicyOf(bucketOf(exchange))?.statements.some(isPublicGrant) ?? false;
    return xmlReply(node('PolicyStatus', [node('IsPublic', String(isPublic))]));
  },
};

function isPublicGrant({ effect, principals, conditions }: Statement): boolean {
  return effect === 'Allow' && principals?.isEveryone === true && !conditions.some(namesAddresses);
}

/** Whoever it lets in comes from an address that was named. */
function namesAddresses({ operator, key, values }: Condition): boolean {
  return (
    key === 'acs:SourceIp' && operator === 'IpAddress' && values.every((range) => parseIpRange(range)?.prefix !== 0)
  );
}
