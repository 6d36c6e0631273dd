import { bucketOf, type Operation, xmlReply } from '../operation.ts';
import { accessControlNode } from './bucket-nodes.ts';

/** GetBucketAcl (protocol sheet, section 5.1). */
export const getBucketAcl: Operation = {
  name: 'GetBucketAcl',
  method: 'GET',
  level: 'bucket',
  subresource: 'acl',
  action: 'oss:GetBucketAcl',
  resource: 'bucket',
  async handle(exchange) {
    const { owner, acl } = bucketOf(exchange);
    return xmlReply(accessControlNode(owner, acl));
  },
};
