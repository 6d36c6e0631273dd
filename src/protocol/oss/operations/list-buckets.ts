import type { Bucket } from '../../../core/bucket.ts';
import { node } from '../../../core/xml.ts';
import { integerParameter, type Operation, xmlReply } from '../operation.ts';
import { accountOf } from './account-of.ts';
import { endpointNodes, ownerNode } from './bucket-nodes.ts';

/** ListBuckets, also known as GetService (protocol sheet, section 5.1): those of the account that asks. */
export const listBuckets: Operation = {
  name: 'ListBuckets',
  method: 'GET',
  level: 'service',
  action: 'oss:ListBuckets',
  resource: 'service',
  async handle({ query, services, endpoint, identity }) {
    const account = accountOf(identity);
    const maxKeys = integerParameter(query, 'max-keys', { min: 1, max: 1000, fallback: 100 });
    const prefix = query.get('prefix') ?? '';
    const marker = query.get('marker') ?? '';
    // An account holds few buckets, so the prefix is looked for among all of them.
    const matching = services.store
      .listBuckets(marker, Number.MAX_SAFE_INTEGER)
      .filter(({ name, owner }) => owner === account && name.startsWith(prefix));
    const page = matching.slice(0, maxKeys);
    const isTruncated = matching.length > page.length;
    const isLimited = isTruncated || ['prefix', 'marker', 'max-keys'].some((name) => query.has(name));
    return xmlReply(
      node('ListAllMyBucketsResult', [
        ...(isLimited
          ? [
              node('Prefix', prefix),
              node('Marker', marker),
              node('MaxKeys', String(maxKeys)),
              node('IsTruncated', String(isTruncated)),
              ...(isTruncated ? [node('NextMarker', page.at(-1)?.name ?? '')] : []),
            ]
          : []),
        ownerNode(account),
        node(
          'Buckets',
          page.map((bucket) => bucketNode(bucket, endpoint)),
        ),
      ]),
    );
  },
};

function bucketNode(bucket: Bucket, endpoint: string) {
  return node('Bucket', [
    node('CreationDate', new Date(bucket.createdAtMs).toISOString()),
    ...endpointNodes(endpoint),
    node('Location', `oss-${bucket.region}`),
    node('Name', bucket.name),
    node('Region', bucket.region),
    node('StorageClass', bucket.storageClass),
  ]);
}
