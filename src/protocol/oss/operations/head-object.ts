import type { StoredObject } from '../../../core/stored-object.ts';
import { bucketOf, type Exchange, type Operation } from '../operation.ts';
import { crcHeader, noSuchKey, objectHeaders } from './object-headers.ts';

/** HeadObject (protocol sheet, section 5.3). */
export const headObject: Operation = {
  name: 'HeadObject',
  method: 'HEAD',
  level: 'object',
  action: 'oss:GetObject',
  async handle(exchange) {
    const object = find(exchange);
    return { status: 200, headers: { ...objectHeaders(object), 'Content-Length': String(object.record.sizeBytes) } };
  },
};

/** GetObjectMeta: ETag, length and date only (protocol sheet, section 5.3). */
export const getObjectMeta: Operation = {
  name: 'GetObjectMeta',
  method: 'HEAD',
  level: 'object',
  subresource: 'objectMeta',
  action: 'oss:GetObject',
  async handle(exchange) {
    const { record } = find(exchange);
    return {
      status: 200,
      headers: {
        ETag: `"${record.etag}"`,
        'Content-Length': String(record.sizeBytes),
        'Last-Modified': new Date(record.lastModifiedMs).toUTCString(),
        ...crcHeader(record),
      },
    };
  },
};

function find(exchange: Exchange): StoredObject {
  const object = exchange.services.store.head(bucketOf(exchange).name, exchange.key);
  if (object === undefined) throw noSuchKey(exchange.key);
  return object;
}
