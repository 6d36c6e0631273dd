import { bucketOf, type Operation, xmlReply } from '../operation.ts';
import { taggingNode } from '../tagging-document.ts';

/** GetBucketTagging (protocol sheet, section 5.1): without tags the set is empty. */
export const getBucketTagging: Operation = {
  name: 'GetBucketTagging',
  method: 'GET',
  level: 'bucket',
  subresource: 'tagging',
  action: 'oss:GetBucketTagging',
  resource: 'bucket',
  async handle(exchange) {
    return xmlReply(taggingNode(bucketOf(exchange).tags ?? []));
  },
};
