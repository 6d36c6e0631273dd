import { readSetting } from '../document-body.ts';
import { bucketOf, emptyReply, type Operation } from '../operation.ts';
import { readVersioning, VERSIONING_ROOT } from '../versioning-document.ts';

/** PutBucketVersioning (protocol sheet, sections 5.1 and 5.10). */
export const putBucketVersioning: Operation = {
  name: 'PutBucketVersioning',
  method: 'PUT',
  level: 'bucket',
  subresource: 'versioning',
  action: 'oss:PutBucketVersioning',
  resource: 'bucket',
  async handle(exchange) {
    const { request, services } = exchange;
    const bucket = bucketOf(exchange);
    const versioning = readVersioning(await readSetting(request, VERSIONING_ROOT));
    await services.store.changeBucket(bucket, { versioning });
    return emptyReply(200);
  },
};
