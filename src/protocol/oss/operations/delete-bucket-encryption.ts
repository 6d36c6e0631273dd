import { bucketOf, emptyReply, type Operation } from '../operation.ts';

/** DeleteBucketEncryption: 204 whether or not there was one (protocol sheet, section 5.1). What is stored stays as it is. */
export const deleteBucketEncryption: Operation = {
  name: 'DeleteBucketEncryption',
  method: 'DELETE',
  level: 'bucket',
  subresource: 'encryption',
  action: 'oss:DeleteBucketEncryption',
  resource: 'bucket',
  async handle(exchange) {
    await exchange.services.store.changeBucket(bucketOf(exchange), { encryption: null });
    return emptyReply(204);
  },
};
