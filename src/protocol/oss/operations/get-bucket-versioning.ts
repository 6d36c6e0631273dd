import { bucketOf, type Operation, xmlReply } from '../operation.ts';
import { versioningNode } from '../versioning-document.ts';

/** GetBucketVersioning (protocol sheet, section 5.1). */
export const getBucketVersioning: Operation = {
  name: 'GetBucketVersioning',
  method: 'GET',
  level: 'bucket',
  subresource: 'versioning',
  action: 'oss:GetBucketVersioning',
  resource: 'bucket',
  async handle(exchange) {
    return xmlReply(versioningNode(bucketOf(exchange).versioning));
  },
};
