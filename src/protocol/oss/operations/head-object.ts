import type { StoredObject } from '../../../core/stored-object.ts';
import { checkConditions } from '../conditions.ts';
import { bucketOf, type Exchange, type Operation } from '../operation.ts';
import { readOverrides } from '../response-overrides.ts';
import { addressedObject } from './addressed-object.ts';
import { basicHeaders, cachingHeaders, objectHeaders } from './object-headers.ts';

/** HeadObject (protocol sheet, section 5.3). */
export const headObject: Operation = {
  name: 'HeadObject',
  method: 'HEAD',
  level: 'object',
  action: 'oss:GetObject',
  resource: 'object',
  async handle(exchange) {
    const overrides = readOverrides(exchange.query);
    const object = find(exchange, (found) => cachingHeaders(found, overrides));
    const headers = { ...objectHeaders(bucketOf(exchange), object), ...overrides };
    return { status: 200, headers: { ...headers, 'Content-Length': String(object.record.sizeBytes) } };
  },
};

export const headObjectVersion: Operation = {
  ...headObject,
  name: 'HeadObjectVersion',
  with: ['versionId'],
  action: 'oss:GetObjectVersion',
};

/** GetObjectMeta: ETag, length, date, version and checksum only (protocol sheet, section 5.3). */
export const getObjectMeta: Operation = {
  name: 'GetObjectMeta',
  method: 'HEAD',
  level: 'object',
  subresource: 'objectMeta',
  action: 'oss:GetObject',
  resource: 'object',
  async handle(exchange) {
    const { record } = find(exchange);
    const headers = basicHeaders(bucketOf(exchange), record);
    return { status: 200, headers: { ...headers, 'Content-Length': String(record.sizeBytes) } };
  },
};

export const getObjectMetaVersion: Operation = {
  ...getObjectMeta,
  name: 'GetObjectMetaVersion',
  with: ['versionId'],
  action: 'oss:GetObjectVersion',
};

function find(exchange: Exchange, caching?: (object: StoredObject) => Record<string, string>): StoredObject {
  const object = addressedObject(exchange);
  checkConditions(exchange.request.headers, object.record, { caching: caching?.(object) ?? {} });
  return object;
}
