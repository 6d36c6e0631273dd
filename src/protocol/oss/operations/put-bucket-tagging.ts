import { checkBucketTags } from '../../../core/bucket-tags.ts';
import { readSetting } from '../document-body.ts';
import { bucketOf, emptyReply, type Operation } from '../operation.ts';
import { readTagging, TAGGING_ROOT } from '../tagging-document.ts';

/** PutBucketTagging (protocol sheet, section 5.1): the tags take the place of all that there were. */
export const putBucketTagging: Operation = {
  name: 'PutBucketTagging',
  method: 'PUT',
  level: 'bucket',
  subresource: 'tagging',
  action: 'oss:PutBucketTagging',
  resource: 'bucket',
  async handle(exchange) {
    const { request, services } = exchange;
    const bucket = bucketOf(exchange);
    const tags = readTagging(await readSetting(request, TAGGING_ROOT));
    checkBucketTags(tags);
    await services.store.changeBucket(bucket, { tags });
    return emptyReply(200);
  },
};
