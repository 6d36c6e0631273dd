import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DomainError } from './errors.ts';
import { decodePath, encodeComponent, encodeKey, formatQuery, MAX_QUERY_PAIRS, parseQuery } from './request-target.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 40 });
const wireText = fc.string({ unit: fc.constantFrom(...'%+&=?/aF09\xc3\xa9\xff\u0100\ud800'), maxLength: 30 });

test('a query keeps its parameters in order, decoded', () => {
  expect(parseQuery('b=2&a&c=x%20y+z&a=1').pairs).toEqual([
    ['b', '2'],
    ['a', ''],
    ['c', 'x y z'],
    ['a', '1'],
  ]);
});

test('a name without "=" is present and has the empty value', () => {
  const query = parseQuery('acl');
  expect(query.has('acl')).toBe(true);
  expect(query.get('acl')).toBe('');
  expect(query.has('__proto__')).toBe(false);
  expect(query.get('constructor')).toBeUndefined();
});

test('the first value of a repeated name counts', () => {
  expect(parseQuery('a=1&a=2').get('a')).toBe('1');
});

test('only the first "=" separates, and "?" is data', () => {
  expect(parseQuery('versionId=a?b=c').pairs).toEqual([['versionId', 'a?b=c']]);
});

test('an empty query and empty parts give no parameters', () => {
  expect(parseQuery('').pairs).toEqual([]);
  expect(parseQuery('&&a&').pairs).toEqual([['a', '']]);
});

test('an escaped plus is a plus', () => {
  expect(parseQuery('%2Ba=%2b').pairs).toEqual([['+a', '+']]);
});

test.each(['a=%', 'a=%4', 'a=%zz', 'a=%ff', '%c3=1', 'a=%ed%a0%80', 'a=%c0%80', 'a=\xff', 'a=\u0100'])(
  'the query %j is refused',
  (raw) => expect(codeOf(() => parseQuery(raw))).toBe('InvalidArgument'),
);

test('a refused query is not repeated in the message, for it may hold a token', () => {
  expect(() => parseQuery('security-token=hush%')).toThrow(/^Query parameter 1 must be percent-encoded UTF-8\.$/);
});

test('a query ends at its bound', () => {
  const raw = Array.from({ length: MAX_QUERY_PAIRS }, (_, i) => `k${i}`).join('&');
  expect(parseQuery(raw).pairs).toHaveLength(MAX_QUERY_PAIRS);
  expect(codeOf(() => parseQuery(`${raw}&more`))).toBe('InvalidArgument');
});

test('a path keeps "+" and takes escapes in either case', () => {
  expect(decodePath('/a+b/%c3%A9%7E~%2F')).toBe('/a+b/é~~/');
});

test('unescaped UTF-8 bytes in a path count like escaped ones', () => {
  expect(decodePath('/\xc3\xa9')).toBe('/é');
});

test.each(['/%', '/%zz', '/%ff', '/%ed%a0%80', '/\xff', '/\u0100'])('the path %j is refused', (raw) => {
  expect(codeOf(() => decodePath(raw))).toBe('InvalidObjectName');
});

test('all but the unreserved characters are escaped in upper-case hex', () => {
  const unreserved = 'ABCXYZabcxyz019-._~';
  expect(encodeComponent(unreserved)).toBe(unreserved);
  expect(encodeComponent("/ +!'()*é")).toBe('%2F%20%2B%21%27%28%29%2A%C3%A9');
  expect(encodeKey('a/b c')).toBe('a/b%20c');
});

test('encoding a lone surrogate breaks our own promise', () => {
  expect(() => encodeComponent('\ud800')).toThrow(/lone surrogate/);
});

test('law: decoding undoes encoding', () => {
  fc.assert(
    fc.property(anyText, anyText, (name, value) => {
      expect(decodePath(encodeKey(name))).toBe(name);
      expect(decodePath(encodeComponent(name))).toBe(name);
      // The leading letter keeps the pair from being an empty part.
      expect(parseQuery(`n${encodeComponent(name)}=${encodeComponent(value)}`).pairs).toEqual([[`n${name}`, value]]);
    }),
  );
});

test('law: parsing throws nothing but DomainError', () => {
  fc.assert(
    fc.property(fc.oneof(wireText, anyText), (raw) => {
      for (const parse of [parseQuery, decodePath]) {
        try {
          parse(raw);
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
        }
      }
    }),
  );
});

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
  return undefined;
}

test('law: a formatted query is read as the parameters it was made of', () => {
  const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.array(fc.tuple(name, anyText), { maxLength: 6 }), (pairs) => {
      expect(parseQuery(formatQuery(pairs)).pairs).toEqual(pairs);
    }),
  );
});
