import { expect, test } from 'vitest';
import { parseQuery } from '../../core/request-target.ts';
import { readOverrides, refuseAnonymousOverrides } from './response-overrides.ts';

const overrides = (rawQuery: string) => readOverrides(parseQuery(rawQuery));

test('each parameter stands for its header', () => {
  const names = [
    'content-type',
    'content-language',
    'content-disposition',
    'content-encoding',
    'cache-control',
    'expires',
  ];
  expect(overrides(names.map((name, i) => `response-${name}=${i}`).join('&'))).toEqual({
    'Content-Type': '0',
    'Content-Language': '1',
    'Content-Disposition': '2',
    'Content-Encoding': '3',
    'Cache-Control': '4',
    Expires: '5',
  });
});

test('a value goes out as the bytes of its UTF-8', () => {
  const { 'Content-Disposition': sent = '' } = overrides('response-content-disposition=attachment%3B%20%E5%B0%81');
  expect(Buffer.from(sent, 'latin1').toString()).toBe('attachment; 封');
});

test("an empty value asks for nothing, and another parameter is nobody's", () => {
  expect(overrides('response-content-type=&response-etag=a&content-type=b')).toEqual({});
});

test.each([
  ['a line feed', 'a%0D%0Ax-evil:%201'],
  ['a nul', 'a%00'],
  ['a tab', 'a%09'],
  ['a delete', '%7F'],
  ['a control character above ASCII', '%C2%85'],
  ['2049 bytes', 'a'.repeat(2049)],
])('a value with %s is refused, by name', (_what, value) => {
  expect(() => overrides(`response-expires=${value}`)).toThrow(
    expect.objectContaining({
      code: 'InvalidArgument',
      details: expect.objectContaining({ ArgumentName: 'response-expires' }),
    }),
  );
});

test('nobody chooses headers without a signature', () => {
  refuseAnonymousOverrides(parseQuery('prefix=a'));
  expect(() => refuseAnonymousOverrides(parseQuery('response-content-type=text/html'))).toThrow(
    expect.objectContaining({
      code: 'AnonymousOverride',
      message: 'Request specific response headers cannot be used for anonymous GET requests.',
    }),
  );
});
