import { checkObjectTags } from '../../../core/object-tags.ts';
import { readSetting } from '../document-body.ts';
import { objectAddress } from '../object-address.ts';
import { bucketOf, emptyReply, type Operation } from '../operation.ts';
import { readTagging, TAGGING_ROOT } from '../tagging-document.ts';
import { addressedObject } from './addressed-object.ts';
import { versionHeader } from './reply-headers.ts';

/** PutObjectTagging (protocol sheet, section 5.9): the tags take the place of all that there were. */
export const putObjectTagging: Operation = {
  name: 'PutObjectTagging',
  method: 'PUT',
  level: 'object',
  subresource: 'tagging',
  action: 'oss:PutObjectTagging',
  async handle(exchange) {
    const { request, services } = exchange;
    const bucket = bucketOf(exchange);
    addressedObject(exchange);
    const tags = readTagging(await readSetting(request, TAGGING_ROOT));
    checkObjectTags(tags);
    const record = await services.store.change(objectAddress(exchange), { tags });
    return emptyReply(200, versionHeader(bucket, record));
  },
};

export const putObjectVersionTagging: Operation = {
  ...putObjectTagging,
  name: 'PutObjectVersionTagging',
  with: ['versionId'],
  action: 'oss:PutObjectVersionTagging',
};
