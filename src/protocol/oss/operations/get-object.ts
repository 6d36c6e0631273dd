import { DomainError } from '../../../core/errors.ts';
import { printable } from '../../../core/printable.ts';
import type { HeaderFields } from '../../../core/signed-request.ts';
import type { ByteRange } from '../../../core/stored-object.ts';
import { bucketOf, type Operation } from '../operation.ts';
import { noSuchKey, objectHeaders } from './object-headers.ts';

/** GetObject, whole or one range of it (protocol sheet, section 5.4). */
export const getObject: Operation = {
  name: 'GetObject',
  method: 'GET',
  level: 'object',
  action: 'oss:GetObject',
  async handle(exchange) {
    const { request, services, key } = exchange;
    const bucket = bucketOf(exchange);
    let range: ByteRange | undefined;
    const object = await services.store.read(bucket.name, key, (record) => {
      range = rangeOf(request.headers, record.sizeBytes);
      return range;
    });
    if (object === undefined) throw noSuchKey(key);
    const { start, end } = range ?? { start: 0, end: object.record.sizeBytes };
    const headers = { ...objectHeaders(object), 'Content-Length': String(end - start) };
    if (range === undefined) return { status: 200, headers, body: object.body };
    const contentRange = `bytes ${start}-${end - 1}/${object.record.sizeBytes}`;
    return { status: 206, headers: { ...headers, 'Content-Range': contentRange }, body: object.body };
  },
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
  throw new DomainError('InvalidRange', 'The requested range cannot be satisfied.', {
    ActualObjectSize: String(sizeBytes),
    RangeRequested: printable(header),
  });
}
