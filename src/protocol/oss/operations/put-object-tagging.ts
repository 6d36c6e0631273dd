import { checkObjectTags } from '../../../core/object-tags.ts';
import type { HttpResponse } from '../../../http/http-server.ts';
import { readSetting } from '../document-body.ts';
import { objectAddress, versionParameter } from '../object-address.ts';
import { bucketOf, type Exchange, emptyReply, type Operation } from '../operation.ts';
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
  resource: 'object',
  asks: 'itself',
  handle: (exchange) => putTags(exchange, 'oss:PutObjectTagging'),
};

export const putObjectVersionTagging: Operation = {
  ...putObjectTagging,
  name: 'PutObjectVersionTagging',
  with: ['versionId'],
  action: 'oss:PutObjectVersionTagging',
  handle: (exchange) => putTags(exchange, 'oss:PutObjectVersionTagging'),
};

async function putTags(exchange: Exchange, action: string): Promise<HttpResponse> {
  const { request, services, bucketName, key, query } = exchange;
  const requestTags = readTagging(await readSetting(request, TAGGING_ROOT));
  checkObjectTags(requestTags);
  exchange.assertAllowed(action, { bucket: bucketName, key, ...versionParameter(query) }, { requestTags });
  const bucket = bucketOf(exchange);
  addressedObject(exchange);
  const record = await services.store.change(objectAddress(exchange), { tags: requestTags });
  return emptyReply(200, versionHeader(bucket, record));
}
