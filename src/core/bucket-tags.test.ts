import { expect, test } from 'vitest';
import { checkBucketTags } from './bucket-tags.ts';

const tag = (key: string, value = '') => ({ key, value });

test('twenty tags of any characters are accepted, each at its longest', () => {
  const tags = Array.from({ length: 20 }, (_, index) => tag(`${index}:é`.padEnd(63, 'k'), 'é'.repeat(64)));
  expect(tags.every(({ key, value }) => Buffer.byteLength(key) === 64 && Buffer.byteLength(value) === 128)).toBe(true);
  expect(() => checkBucketTags(tags)).not.toThrow();
});

test.each([
  [
    'twenty-one tags',
    Array.from({ length: 21 }, (_, index) => tag(`k${index}`)),
    'TooManyTags',
    '21 tags where at most 20',
  ],
  ['an empty key', [tag('')], 'InvalidTaggingKey', 'key of a tag is empty'],
  ['a key of 65 bytes', [tag(`${'é'.repeat(32)}k`)], 'InvalidTaggingKey', '65 bytes where at most 64'],
  ['a value of 129 bytes', [tag('k', `${'é'.repeat(64)}v`)], 'InvalidTag', '129 bytes where at most 128'],
  ['a key twice', [tag('a', '1'), tag('b'), tag('a', '2')], 'RepeatedTags', '"a" occurs twice'],
  ['a key that begins with Aliyun', [tag('AliyunTeam')], 'InvalidTaggingKey', 'are reserved'],
  ['a key that begins with http://', [tag('http://k')], 'InvalidTaggingKey', 'are reserved'],
  ['a key that begins with https://', [tag('https://k')], 'InvalidTaggingKey', 'are reserved'],
])('%s is refused', (_what, tags, code, words) => {
  expect(() => checkBucketTags(tags)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(words) }),
  );
});
