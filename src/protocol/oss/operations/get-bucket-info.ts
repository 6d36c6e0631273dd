import { node } from '../../../core/xml.ts';
import { bucketOf, type Operation, xmlReply } from '../operation.ts';
import { endpointNodes, ownerNode } from './bucket-nodes.ts';

/** GetBucketInfo (protocol sheet, section 5.1). Versioning is left out, as for a bucket that never had any. */
export const getBucketInfo: Operation = {
  name: 'GetBucketInfo',
  method: 'GET',
  level: 'bucket',
  subresource: 'bucketInfo',
  action: 'oss:GetBucketInfo',
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
          node('AccessControlList', [node('Grant', bucket.acl)]),
          ownerNode(bucket.owner),
          // oss2 wants the word where no encryption is set (protocol sheet, "Seen from real clients").
          node('ServerSideEncryptionRule', [node('SSEAlgorithm', 'None')]),
        ]),
      ]),
    );
  },
};
