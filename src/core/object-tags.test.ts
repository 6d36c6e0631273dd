import { describe, expect, test } from 'vitest';
import { DomainError, type ErrorCode } from './errors.ts';
import { checkObjectTags, readTags } from './object-tags.ts';
import type { Tag } from './stored-object.ts';

const numbered = (count: number): Tag[] => Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: '' }));

function refusalOf(work: () => unknown): DomainError {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('a set of tags', () => {
  test('has at most ten, each key at most 128 bytes and each value at most 256', () => {
    checkObjectTags(numbered(10));
    checkObjectTags([{ key: 'k'.repeat(128), value: 'v'.repeat(256) }]);
    checkObjectTags([{ key: 'aZ09 +-=._:/', value: 'aZ09 +-=._:/' }]);
  });

  test.each<[string, Tag[], ErrorCode, string]>([
    ['eleven tags', numbered(11), 'TooManyTags', '11 tags'],
    ['an empty key', [{ key: '', value: 'v' }], 'InvalidTaggingKey', 'is empty'],
    ['a key of 129 bytes', [{ key: 'k'.repeat(129), value: '' }], 'InvalidTaggingKey', '129 bytes'],
    ['a value of 257 bytes', [{ key: 'k', value: 'v'.repeat(257) }], 'InvalidTag', '257 bytes'],
    ['a key with another character', [{ key: 'a,b', value: '' }], 'InvalidTaggingKey', '"a,b"'],
    ['a value with a line feed', [{ key: 'k', value: 'a\n' }], 'InvalidTag', '"a\uFFFD"'],
    ['a value beyond ASCII', [{ key: 'k', value: 'é' }], 'InvalidTag', '"é"'],
    ['one key twice', [...numbered(2), { key: 'k1', value: 'other' }], 'RepeatedTags', '"k1" occurs twice'],
  ])('is refused for %s, which is named', (_what, tags, expected, named) => {
    const { code, message } = refusalOf(() => checkObjectTags(tags));
    expect(code).toBe(expected);
    expect(message).toContain(named);
  });
});

describe('a header of tags', () => {
  test.each<[string, Tag[]]>([
    ['', []],
    ['k=v', [{ key: 'k', value: 'v' }]],
    ['k', [{ key: 'k', value: '' }]],
    [
      'a=1&b=2',
      [
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
      ],
    ],
    ['a%20b=c%2Bd+e', [{ key: 'a b', value: 'c+d e' }]],
    ['a=b=c', [{ key: 'a', value: 'b=c' }]],
  ])('"%s" is read', (header, tags) => {
    expect(readTags(header)).toEqual(tags);
  });

  test.each<[string, ErrorCode]>([
    ['a=%', 'InvalidTag'],
    ['a=%ff', 'InvalidTag'],
    ['a=%0A', 'InvalidTag'],
    ['=v', 'InvalidTaggingKey'],
    [`${'k'.repeat(129)}=v`, 'InvalidTaggingKey'],
    ['a=1&a=2', 'RepeatedTags'],
    ['&k'.repeat(11), 'TooManyTags'],
    ['k&'.repeat(500), 'TooManyTags'],
  ])('"%s" is refused as %s', (header, expected) => {
    expect(refusalOf(() => readTags(header)).code).toBe(expected);
  });
});
