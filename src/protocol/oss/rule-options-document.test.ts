import { expect, test } from 'vitest';
import { parseRuleOptions } from './rule-options-document.ts';

const parse = (text: string | Uint8Array) => parseRuleOptions(Buffer.from(text));

test.each([
  ['{}', { latest: true }],
  ['{"latest":false}', { latest: false }],
  ['{"retention":{}}', { latest: true, retention: {} }],
  ['{"retention":{"keepReports":7}}', { latest: true, retention: { keepReports: 7 } }],
  [
    '{"latest":true,"retention":{"keepReports":7,"keepDays":30}}',
    { latest: true, retention: { keepReports: 7, keepDays: 30 } },
  ],
])('%s is what it says', (text, options) => {
  expect(parse(text)).toEqual(options);
});

test.each<[what: string, document: string | Uint8Array, words: string]>([
  ['nothing', '', 'one JSON object'],
  ['no JSON', '{', 'one JSON object'],
  ['no UTF-8', Buffer.of(0x22, 0xff, 0x22), 'one JSON object'],
  ['a list', '[]', 'The document: '],
  ['null', 'null', 'The document: '],
  ['nested deeply', '['.repeat(4000), 'one JSON object'],
  ['a key twice', '{"latest":true,"latest":false}', 'It names "latest" twice'],
  ['a key that is not known', '{"keepReports":1}', '"keepReports"'],
  ['a key of retention that is not known', '{"retention":{"keep":1}}', 'retention: '],
  ['a text for a number', '{"retention":{"keepDays":"7"}}', 'retention.keepDays: '],
  ['a number for a truth', '{"latest":1}', 'latest: '],
])('%s is refused in words', (_, document, words) => {
  expect(() => parse(document)).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', message: expect.stringContaining(words) }),
  );
});
