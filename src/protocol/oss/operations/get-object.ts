import { noSuchKey } from '../../../core/object-errors.ts';
import { printable } from '../../../core/printable.ts';
import type { HeaderFields } from '../../../core/signed-request.ts';
import type { ByteRange } from '../../../core/stored-object.ts';
import { checkConditions, isRangeCurrent } from '../conditions.ts';
import { objectAddress } from '../object-address.ts';
import { bucketOf, type Operation } from '../operation.ts';
import { primedBody } from '../primed-body.ts';
import { readOverrides } from '../response-overrides.ts';
import { WireError } from '../wire-error.ts';
import { assertMayDecrypt, MAY_DECRYPT } from './key-use.ts';
import { cachingHeaders, objectHeaders } from './object-headers.ts';
import { assertNoMarker } from './readable-object.ts';

/** GetObject, whole or one range of it (protocol sheet, section 5.4). */
export const getObject: Operation = {
  name: 'GetObject',
  method: 'GET',
  level: 'object',
  action: 'oss:GetObject',
  resource: 'object',
  also: [MAY_DECRYPT],
  async handle(exchange) {
    const { request, services } = exchange;
    const bucket = bucketOf(exchange);
    const address = objectAddress(exchange);
    const overrides = readOverrides(exchange.query);
    let range: ByteRange | undefined;
    const object = await services.store.read(address, (found) => {
      assertNoMarker(address, found);
      assertMayDecrypt(exchange, found);
      checkConditions(request.headers, found.record, { caching: cachingHeaders(found, overrides) });
      range = isRangeCurrent(request.headers, found.record)
        ? rangeOf(request.headers, found.record.sizeBytes)
        : undefined;
      return range;
    });
    if (object === undefined) throw noSuchKey(address.key);
    const { start, end } = range ?? { start: 0, end: object.record.sizeBytes };
    const headers = { ...objectHeaders(bucket, object), ...overrides, 'Content-Length': String(end - start) };
    const body = await primedBody(object.body);
    if (range === undefined) return { status: 200, headers, body };
    const contentRange = `bytes ${start}-${end - 1}/${object.record.sizeBytes}`;
    return { status: 206, headers: { ...headers, 'Content-Range': contentRange }, body };
  },
};

/** The version that `versionId` names is a permission of its own (protocol sheet, section 4.2). */
export const getObjectVersion: Operation = {
  ...getObject,
  name: 'GetObjectVersion',
  with: ['versionId'],
  action: 'oss:GetObjectVersion',
};

/**
 * The one range that is asked for. A malformed or unsatisfiable one gives the whole object, unless the client wants
 * the standard's behaviour.
 */
function rangeOf(headers: HeaderFields, sizeBytes: number): ByteRange | undefined {
  const header = headers.range;
  if (header === undefined) return undefined;
  const isStandard = headers['x-oss-range-behavior'] === 'standard';
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header.trim()) ?? [];
  if (first === '' && last === '') return undefined;
  const range =
    first === ''
      ? { start: Math.max(0, sizeBytes - Number(last)), end: sizeBytes }
      : { start: Number(first), end: last === '' ? sizeBytes : Number(last) + 1 };
  const isInside = range.start < range.end && range.start < sizeBytes;
  if (isInside && range.end <= sizeBytes) return range;
  if (!isStandard) return undefined;
  if (isInside) return { start: range.start, end: sizeBytes };
  if (range.start < sizeBytes) return undefined;
  throw new WireError('InvalidRange', 'The requested range cannot be satisfied.', {
    details: { ActualObjectSize: String(sizeBytes), RangeRequested: printable(header) },
    headers: { 'Content-Range': `bytes */${sizeBytes}` },
  });
}
