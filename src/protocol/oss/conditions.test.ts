import { describe, expect, test } from 'vitest';
import { checkConditions, isRangeCurrent } from './conditions.ts';
import { WireError } from './wire-error.ts';

const ETAG = '5D41402ABC4B2A76B9719D911017C592';
/** Half a second after what its Last-Modified says. */
const OBJECT = { etag: ETAG, lastModifiedMs: Date.UTC(2026, 10, 22, 12, 0, 0, 500) };
const BEFORE = 'Sun, 22 Nov 2026 11:59:59 GMT';
const AT = 'Sun, 22 Nov 2026 12:00:00 GMT';
const AFTER = 'Sun, 22 Nov 2026 12:00:01 GMT';
const OTHER = '"0CC175B9C0F1B6A831C399E269772661"';

function verdict(headers: Readonly<Record<string, string>>): string {
  try {
    checkConditions(headers, OBJECT);
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
  return 'met';
}

test.each([
  [ETAG, 'met'],
  [`"${ETAG}"`, 'met'],
  [`${OTHER}, "${ETAG}"`, 'met'],
  [`${OTHER},${ETAG}`, 'met'],
  ['*', 'met'],
  ['', 'met'],
  [OTHER, 'PreconditionFailed'],
  [`W/"${ETAG}"`, 'PreconditionFailed'],
  [ETAG.toLowerCase(), 'PreconditionFailed'],
  ['""', 'PreconditionFailed'],
  [`"a,${ETAG}"`, 'PreconditionFailed'],
])('If-Match: %s is %s', (header, expected) => {
  expect(verdict({ 'if-match': header })).toBe(expected);
});

test.each([
  [ETAG, 'NotModified'],
  [`"${ETAG}"`, 'NotModified'],
  [`W/"${ETAG}"`, 'NotModified'],
  [`${OTHER}, W/"${ETAG}"`, 'NotModified'],
  ['*', 'NotModified'],
  [OTHER, 'met'],
  ['', 'met'],
])('If-None-Match: %s is %s', (header, expected) => {
  expect(verdict({ 'if-none-match': header })).toBe(expected);
});

test.each([
  ['if-modified-since', BEFORE, 'met'],
  ['if-modified-since', AT, 'NotModified'],
  ['if-modified-since', AFTER, 'NotModified'],
  ['if-unmodified-since', BEFORE, 'PreconditionFailed'],
  ['if-unmodified-since', AT, 'met'],
  ['if-unmodified-since', AFTER, 'met'],
])('%s: %s counts in whole seconds and is %s', (name, date, expected) => {
  expect(verdict({ [name]: date })).toBe(expected);
});

test.each(['yesterday', '', '0', '2026-11-22T12:00:01Z', `${AFTER}, ${AFTER}`])(
  'the date "%s" is no condition',
  (date) => {
    expect(verdict({ 'if-modified-since': date })).toBe('met');
    expect(verdict({ 'if-unmodified-since': date })).toBe('met');
  },
);

describe('of two conditions', () => {
  test.each([
    ['If-Match wins over If-Unmodified-Since', { 'if-match': ETAG, 'if-unmodified-since': BEFORE }, 'met'],
    ['If-None-Match wins over If-Modified-Since', { 'if-none-match': OTHER, 'if-modified-since': AFTER }, 'met'],
    ['a failed one wins over an unmodified one', { 'if-match': OTHER, 'if-none-match': ETAG }, 'PreconditionFailed'],
    ['If-None-Match is asked after If-Match held', { 'if-match': ETAG, 'if-none-match': ETAG }, 'NotModified'],
    [
      'an old date fails before a tag can match',
      { 'if-unmodified-since': BEFORE, 'if-none-match': ETAG },
      'PreconditionFailed',
    ],
  ])('%s', (_rule, headers, expected) => {
    expect(verdict(headers)).toBe(expected);
  });
});

test('what was not modified is told with its tag and date, so that a cache can go on using it', () => {
  const caching = { Expires: AFTER };
  const check = () => checkConditions({ 'if-none-match': '*' }, OBJECT, { caching });
  expect(check).toThrow(expect.objectContaining({ headers: { ETag: `"${ETAG}"`, 'Last-Modified': AT, ...caching } }));
});

test('the source of a copy has conditions of its own', () => {
  const headers = { 'x-oss-copy-source-if-match': OTHER, 'if-none-match': '*' };
  expect(() => checkConditions(headers, OBJECT, { prefix: 'x-oss-copy-source-' })).toThrow(
    expect.objectContaining({ code: 'PreconditionFailed', details: { Condition: 'x-oss-copy-source-if-match' } }),
  );
});

test.each([
  [undefined, true],
  [`"${ETAG}"`, true],
  [ETAG, true],
  [AT, true],
  [OTHER, false],
  [`W/"${ETAG}"`, false],
  [BEFORE, false],
  [AFTER, false],
  ['*', false],
  ['', false],
])('with If-Range: %s, that a range may be given is %s', (validator, expected) => {
  expect(isRangeCurrent({ 'if-range': validator }, OBJECT)).toBe(expected);
});
