import assert from 'node:assert/strict';
import { expect, test } from 'vitest';
import { matchesResource, resourceFields } from './resource-pattern.ts';

function fits(pattern: string, resource: string): boolean {
  const fields = resourceFields(resource);
  assert(fields);
  return matchesResource(pattern, fields);
}

const BUCKET = 'acs:oss:cn-hangzhou:1000:photos';
const OBJECT = 'acs:oss:cn-hangzhou:1000:photos/2026/a.jpg';

test.each([
  ['*', BUCKET, true],
  ['acs:oss:*:*:*', OBJECT, true],
  ['acs:oss:*:*:photos', BUCKET, true],
  ['acs:oss:*:*:photos', OBJECT, false],
  ['acs:oss:*:*:photos/*', OBJECT, true],
  ['acs:oss:*:*:photos/*', BUCKET, false],
  ['acs:oss:*:*:PHOTOS', BUCKET, false],
  ['acs:oss:cn-*:1000:photos', BUCKET, true],
  ['acs:oss:cn-beijing:*:photos', BUCKET, false],
  ['acs:oss:*:2000:photos', BUCKET, false],
  ['acs:*:*:*:*', BUCKET, true],
  ['acs:kms:*:*:*', BUCKET, false],
  ['acs:oss:*', BUCKET, false],
])('%s on %s: %s', (pattern, resource, expected) => {
  expect(fits(pattern, resource)).toBe(expected);
});

test('no wildcard reaches over a colon, so that a key can not look like another bucket', () => {
  expect(fits('acs:oss:*:*:photos/*', 'acs:oss:cn-hangzhou:1000:other/x:photos/y')).toBe(false);
  expect(fits('acs:oss:*:1000:photos/*', 'acs:oss:cn-hangzhou:2000:other/:1000:photos/y')).toBe(false);
  expect(fits('acs:oss:*:*:photos/*', 'acs:oss:cn-hangzhou:1000:photos/a:b\nc')).toBe(true);
});

test('the longest key fits a pattern, and one that is too long to exist fits none but the one for all', () => {
  const longest = `acs:oss:cn-hangzhou:1000:${'b'.repeat(63)}/${'k'.repeat(1023)}`;
  expect(fits('acs:oss:*:*:b*/k*k', longest)).toBe(true);
  expect(fits('acs:oss:*:*:b*/k*k', `${longest}k`)).toBe(false);
  expect(fits('acs:oss:*:*:*', `${longest}k`)).toBe(true);
});

test.each(['', 'oss:*:*:*:photos', 'acs:oss:cn:1000', 'acs:'])('"%s" is no resource', (text) => {
  expect(resourceFields(text)).toBeUndefined();
});
