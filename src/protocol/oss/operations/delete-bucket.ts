import { bucketOf, emptyReply, type Operation } from '../operation.ts';

/** DeleteBucket (protocol sheet, section 5.1): only an empty one. Its rules go with it; they are no content. */
export const deleteBucket: Operation = {
  name: 'DeleteBucket',
  method: 'DELETE',
  level: 'bucket',
  action: 'oss:DeleteBucket',
  resource: 'bucket',
  async handle(exchange) {
    await exchange.services.store.deleteBucket(bucketOf(exchange));
    return emptyReply(204);
  },
};
