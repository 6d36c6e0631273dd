import { bucketOf, emptyReply, type Operation } from '../operation.ts';

/** DeleteBucketPolicy: 204 whether or not there was one (protocol sheet, section 4.3). */
export const deleteBucketPolicy: Operation = {
  name: 'DeleteBucketPolicy',
  method: 'DELETE',
  level: 'bucket',
  subresource: 'policy',
  action: 'oss:DeleteBucketPolicy',
  resource: 'bucket',
  async handle(exchange) {
    await exchange.services.store.changeBucket(bucketOf(exchange), { policy: null });
    return emptyReply(204);
  },
};
