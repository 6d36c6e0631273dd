import { objectAddress } from '../object-address.ts';
import { bucketOf, emptyReply, type Operation } from '../operation.ts';
import { addressedObject } from './addressed-object.ts';
import { versionHeader } from './reply-headers.ts';

/** DeleteObjectTagging: 204 whether or not there were tags (protocol sheet, section 5.9). */
export const deleteObjectTagging: Operation = {
  name: 'DeleteObjectTagging',
  method: 'DELETE',
  level: 'object',
  subresource: 'tagging',
  action: 'oss:DeleteObjectTagging',
  resource: 'object',
  async handle(exchange) {
    const bucket = bucketOf(exchange);
    addressedObject(exchange);
    const record = await exchange.services.store.change(objectAddress(exchange), { tags: [] });
    return emptyReply(204, versionHeader(bucket, record));
  },
};

export const deleteObjectVersionTagging: Operation = {
  ...deleteObjectTagging,
  name: 'DeleteObjectVersionTagging',
  with: ['versionId'],
  action: 'oss:DeleteObjectVersionTagging',
};
