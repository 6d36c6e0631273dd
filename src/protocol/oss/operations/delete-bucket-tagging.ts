import { bucketOf, emptyReply, type Operation } from '../operation.ts';

/** DeleteBucketTagging: all tags, or those whose keys `?tagging=k1,k2` names. 204 whether or not there were any. */
export const deleteBucketTagging: Operation = {
  name: 'DeleteBucketTagging',
  method: 'DELETE',
  level: 'bucket',
  subresource: 'tagging',
  action: 'oss:DeleteBucketTagging',
  resource: 'bucket',
  async handle(exchange) {
    const { query, services } = exchange;
    const bucket = bucketOf(exchange);
    const { tags = [] } = bucket;
    const named = query.get('tagging') ?? '';
    const gone = new Set(named.split(','));
    const left = named === '' ? [] : tags.filter(({ key }) => !gone.has(key));
    await services.store.changeBucket(bucket, { tags: left.length === 0 ? null : left });
    return emptyReply(204);
  },
};
