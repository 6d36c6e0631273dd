/**
 * Conditional reads: If-Match and its kin on GET and HEAD, and under longer names on the source of a copy. What wins
 * over what is RFC 9110, section 13.2.2; a date that can't be read is no condition.
 */

import { parseHttpDate } from '../../core/oss-signature-v1.ts';
import type { ObjectRecord } from '../../core/record.ts';
import type { HeaderFields } from '../../core/signed-request.ts';
import { WireError } from './wire-error.ts';

type Validators = Pick<ObjectRecord, 'etag' | 'lastModifiedMs'>;

export interface ConditionOptions {
  /** What comes before `if-match` in the names of the headers. */
  readonly prefix?: '' | 'x-oss-copy-source-';
  /** What a cache is to be told with a 304, beside the tag and the date. */
  readonly caching?: Readonly<Record<string, string>>;
}

/** Throws `PreconditionFailed` or `NotModified` unless the object is as the headers want it. */
export function checkConditions(
  headers: HeaderFields,
  object: Validators,
  { prefix = '', caching = {} }: ConditionOptions = {},
): void {
  const modifiedAt = wholeSeconds(object.lastModifiedMs);
  const match = etagsOf(headers[`${prefix}if-match`]);
  const unmodifiedSince = dateOf(headers[`${prefix}if-unmodified-since`]);
  if (match !== undefined) {
    if (!match.some((tag) => tag === '*' || tag === object.etag)) throw failed(`${prefix}if-match`);
  } else if (unmodifiedSince !== undefined && modifiedAt > unmodifiedSince) {
    throw failed(`${prefix}if-unmodified-since`);
  }
  const noneMatch = etagsOf(headers[`${prefix}if-none-match`]);
  const modifiedSince = dateOf(headers[`${prefix}if-modified-since`]);
  if (noneMatch !== undefined) {
    if (noneMatch.some((tag) => tag === '*' || withoutWeakness(tag) === object.etag))
      throw notModified(object, caching);
  } else if (modifiedSince !== undefined && modifiedAt <= modifiedSince) {
    throw notModified(object, caching);
  }
}

/** Whether a range means the object that the client has a part of: If-Range (RFC 9110, section 13.1.5). Parts of two
 *  objects, put together by a download that goes on, would be neither. */
export function isRangeCurrent(headers: HeaderFields, { etag, lastModifiedMs }: Validators): boolean {
  const validator = headers['if-range'];
  if (validator === undefined) return true;
  const date = dateOf(validator);
  return date === undefined ? validator.replaceAll('"', '') === etag : date === wholeSeconds(lastModifiedMs);
}

/** Entity tags in a list, without their quotes, which some clients leave out; undefined when there are none. */
function etagsOf(header: string | undefined): readonly string[] | undefined {
  const tags = header?.match(/(?:W\/)?"[^"]*"|[^\s,]+/g)?.map((tag) => tag.replaceAll('"', ''));
  return tags ?? undefined;
}

/** A weak tag never fits If-Match, and fits If-None-Match as a strong one does. */
function withoutWeakness(tag: string): string {
  return tag.replace(/^W\//, '');
}

function dateOf(header: string | undefined): number | undefined {
  return header === undefined ? undefined : parseHttpDate(header);
}

/** As exact as a header tells it. */
function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

function failed(condition: string): WireError {
  return new WireError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold.', {
    details: { Condition: condition },
    headers: {},
  });
}

function notModified({ etag, lastModifiedMs }: Validators, caching: Readonly<Record<string, string>>): WireError {
  return new WireError('NotModified', 'The object was not modified.', {
    headers: { ETag: `"${etag}"`, 'Last-Modified': new Date(lastModifiedMs).toUTCString(), ...caching },
  });
}
