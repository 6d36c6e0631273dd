import { expect, test } from 'vitest';
import { acceptedWord } from './accepted-word.ts';

const WORDS = ['COPY', 'REPLACE'] as const;

test('a word is taken as it is written, in any case where that is ignored', () => {
  expect(acceptedWord(WORDS, 'COPY', { name: 'x-oss-a' })).toBe('COPY');
  expect(acceptedWord(WORDS, 'Replace', { name: 'x-oss-a', ignoresCase: true })).toBe('REPLACE');
});

test.each([
  [WORDS, 'Copy', 'x-oss-a is "Copy" where COPY, REPLACE are accepted.'],
  [['yes'], '', 'x-oss-a is "" where yes is accepted.'],
])('of %j none is "%s", and the refusal says what is accepted', (words, value, message) => {
  const details = { ArgumentName: 'x-oss-a', ArgumentValue: value };
  expect(() => acceptedWord(words, value, { name: 'x-oss-a' })).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', message, details }),
  );
});

test('another error may be named', () => {
  expect(() => acceptedWord(WORDS, 'x', { name: 'a', code: 'ObjectAclInvalid' })).toThrow(
    expect.objectContaining({ code: 'ObjectAclInvalid' }),
  );
});
