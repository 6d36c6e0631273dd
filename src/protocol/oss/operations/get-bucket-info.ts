import { node } from '../../../core/xml.ts';
import { encryptionNodes } from '../encryption-rule.ts';
import { bucketOf, type Operation, xmlReply } from '../operation.ts';
import { endpointNodes, grantNode, ownerNode } from './bucket-nodes.ts';

/** GetBucketInfo (protocol sheet, section 5.1). */
export const getBucketInfo: Operation = {
  name: 'GetBucketInfo',
  method: 'GET',
  level: 'bucket',
  subresource: 'bucketInfo',
  action: 'oss:GetBucketInfo',
  resource: 'bucket',
  async handle(exchange) {
    const bucket = bucketOf(exchange);
    return xmlReply(
      node('BucketInfo', [
        node('Bucket', [
          node('CreationDate', new Date(bucket.createdAtMs).toISOString()),
          ...endpointNodes(exchange.endpoint),
          node('Location', `oss-${bucket.region}`),
          node('Name', bucket.name),
          node('Region', bucket.region),
          node('StorageClass', bucket.storageClass),
          node('DataRedundancyType', bucket.redundancy),
          grantNode(bucket.acl),
          ownerNode(bucket.owner),
          // Nobody can set one, but older releases of oss2 can't read an answer without it.
          node('Comment'),
          ...(bucket.versioning === undefined ? [] : [node('Versioning', bucket.versioning)]),
          // Also where there is none: oss2 wants the word for that (protocol sheet, "Seen from real clients").
          node('ServerSideEncryptionRule', encryptionNodes(bucket.encryption)),
        ]),
      ]),
    );
  },
};
