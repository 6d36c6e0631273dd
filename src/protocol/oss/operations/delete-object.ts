import { bucketOf, emptyReply, type Operation } from '../operation.ts';

/** DeleteObject: 204 whether or not there was one (protocol sheet, section 5.5). */
export const deleteObject: Operation = {
  name: 'DeleteObject',
  method: 'DELETE',
  level: 'object',
  action: 'oss:DeleteObject',
  async handle(exchange) {
    await exchange.services.store.deleteMany(bucketOf(exchange).name, [exchange.key]);
    return emptyReply(204);
  },
};
