import { node } from '../../../core/xml.ts';
import { bucketOf, type Operation, xmlReply } from '../operation.ts';

/** GetBucketLocation (protocol sheet, section 5.1). */
export const getBucketLocation: Operation = {
  name: 'GetBucketLocation',
  method: 'GET',
  level: 'bucket',
  subresource: 'location',
  action: 'oss:GetBucketLocation',
  resource: 'bucket',
  async handle(exchange) {
    return xmlReply(node('LocationConstraint', `oss-${bucketOf(exchange).region}`));
  },
};
