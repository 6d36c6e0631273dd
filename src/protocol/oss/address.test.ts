import fc from 'fast-check';
import { expect, test } from 'vitest';
import { objectKey } from '../../../test/arbitraries.ts';
import { DomainError } from '../../core/errors.ts';
import { encodeKey } from '../../core/request-target.ts';
import { type Address, isVirtualHosted, resolveAddress } from './address.ts';

const CONTEXT = { domain: 'store.example', regions: ['cn-hangzhou', 'cn-beijing'] };

const resolve = (host: string, target: string): Address => resolveAddress(host, target, CONTEXT);

function refusalOf(host: string, target: string): string {
  try {
    resolve(host, target);
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
  throw new Error('was resolved');
}

test.each([
  ['/', {}],
  ['', {}],
  ['/logs', { bucket: 'logs' }],
  ['/logs/', { bucket: 'logs' }],
  ['/logs/a/b', { bucket: 'logs', key: 'a/b' }],
  ['/logs//a', { bucket: 'logs', key: '/a' }],
  ['/logs/a/', { bucket: 'logs', key: 'a/' }],
  ['/logs/..', { bucket: 'logs', key: '..' }],
  ['/logs/%2e%2E/a+b%20c', { bucket: 'logs', key: '../a+b c' }],
  ['/logs/a%3Fb%23c', { bucket: 'logs', key: 'a?b#c' }],
  ['/logs/a%00b', { bucket: 'logs', key: 'a\0b' }],
  ['/l%6Fgs/a', { bucket: 'logs', key: 'a' }],
])('by path, %s is this bucket and this key', (target, expected) => {
  for (const host of ['127.0.0.1:9300', '[::1]:9300', 'store.example', 'somewhere.else:80', '']) {
    expect(resolve(host, target)).toEqual({ ...expected, endpoint: host, rawQuery: '' });
  }
});

test.each([
  ['logs.store.example', '/', { bucket: 'logs', endpoint: 'store.example' }],
  ['logs.store.example:9300', '/a/b', { bucket: 'logs', key: 'a/b', endpoint: 'store.example:9300' }],
  ['LOGS.Store.Example', '/A', { bucket: 'logs', key: 'A', endpoint: 'Store.Example' }],
  ['logs.store.example', '//a', { bucket: 'logs', key: '/a', endpoint: 'store.example' }],
  [
    'logs.oss-cn-beijing.aliyuncs.com',
    '/a',
    { bucket: 'logs', key: 'a', endpoint: 'oss-cn-beijing.aliyuncs.com', hostRegion: 'cn-beijing' },
  ],
  [
    'logs.oss-cn-beijing-internal.aliyuncs.com',
    '/a',
    { bucket: 'logs', key: 'a', endpoint: 'oss-cn-beijing-internal.aliyuncs.com', hostRegion: 'cn-beijing' },
  ],
])('by host, %s and %s are this bucket and this key', (host, target, expected) => {
  expect(resolve(host, target)).toEqual({ ...expected, rawQuery: '' });
});

test('an endpoint of a region takes paths too, and says its region', () => {
  const endpoint = 'oss-cn-beijing.aliyuncs.com';
  const named = { endpoint, hostRegion: 'cn-beijing', rawQuery: '' };
  expect(resolve(endpoint, '/')).toEqual(named);
  expect(resolve(endpoint, '/logs/a')).toEqual({ ...named, bucket: 'logs', key: 'a' });
});

test('a host that begins with a dot is the endpoint behind it', () => {
  expect(resolve('.oss-cn-hangzhou.aliyuncs.com', '/')).toEqual({
    endpoint: 'oss-cn-hangzhou.aliyuncs.com',
    hostRegion: 'cn-hangzhou',
    rawQuery: '',
  });
});

test('an endpoint of a region that is not served is a host like any other', () => {
  expect(resolve('logs.oss-eu-west-1.aliyuncs.com', '/photos/a')).toMatchObject({ bucket: 'photos', key: 'a' });
});

test('the query is what follows the first question mark, undecoded', () => {
  expect(resolve('h', '/logs/?a=%zz&b?c')).toMatchObject({ bucket: 'logs', rawQuery: 'a=%zz&b?c' });
  expect(resolve('h', '?acl')).toEqual({ endpoint: 'h', rawQuery: 'acl' });
});

test('the absolute form of a proxy means the path in it', () => {
  expect(resolve('h', 'http://elsewhere/logs/a?acl')).toMatchObject({ bucket: 'logs', key: 'a', rawQuery: 'acl' });
  expect(resolve('h', 'HTTPS://elsewhere')).toEqual({ endpoint: 'h', rawQuery: '' });
});

test.each([
  ['h', '*', 'InvalidArgument'],
  ['h', 'logs/a', 'InvalidArgument'],
  ['h', '//a', 'InvalidBucketName'],
  ['h', '/Logs', 'InvalidBucketName'],
  ['h', '/..', 'InvalidBucketName'],
  ['h', '/logs%2Fa', 'InvalidBucketName'],
  ['h', '/%zz', 'InvalidObjectName'],
  ['h', '/logs/%', 'InvalidObjectName'],
  ['h', '/logs/%ff', 'InvalidObjectName'],
  ['a.b.store.example', '/', 'InvalidBucketName'],
  ['l_g.store.example', '/', 'InvalidBucketName'],
  ['a,b', '/', 'InvalidArgument'],
  ['a b', '/', 'InvalidArgument'],
  ['h/x', '/', 'InvalidArgument'],
  ['user@h', '/', 'InvalidArgument'],
  ['\xe9', '/', 'InvalidArgument'],
  ['h'.repeat(256), '/', 'InvalidArgument'],
])('%s and %s are refused as %s', (host, target, code) => {
  expect(refusalOf(host, target)).toBe(code);
});

test.each([
  ['photos.store.example:9300', true],
  ['PHOTOS.oss-cn-hangzhou.aliyuncs.com', true],
  ['store.example:9300', false],
  ['.store.example', false],
  ['127.0.0.1:9300', false],
  ['storage.local', false],
  ['', false],
])('the host "%s" names a bucket: %s, and the address agrees', (host, expected) => {
  expect(isVirtualHosted(host, CONTEXT)).toBe(expected);
  expect(resolve(host, '/').bucket !== undefined).toBe(expected);
});

test('law: every legal key is itself in whatever way it is escaped, by path and by host, and is decoded once', () => {
  const dotted = fc
    .array(fc.constantFrom('.', '..', 'a', '%2e', '%', '+', '?', 'é'))
    .map((parts) => `k${parts.join('/')}`);
  fc.assert(
    fc.property(fc.oneof(objectKey, dotted), fc.infiniteStream(fc.boolean()), (key, isEscaped) => {
      const bytes = Buffer.from(key).toString('latin1');
      const raw = bytes.replace(/[\s\S]/g, (byte) =>
        /[A-Za-z0-9/._~+-]/.test(byte) && isEscaped.next().value === false
          ? byte
          : `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
      );
      for (const [as, meant] of [
        [raw, key],
        [encodeKey(key), key],
        [encodeKey(encodeKey(key)), encodeKey(key)],
      ] as const) {
        expect(resolve('127.0.0.1', `/logs/${as}`)).toMatchObject({ bucket: 'logs', key: meant });
        expect(resolve('logs.store.example', `/${as}`)).toMatchObject({ bucket: 'logs', key: meant });
      }
    }),
  );
});
