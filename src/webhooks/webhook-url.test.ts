import { expect, test } from 'vitest';
import { parseIpRange } from '../core/ip-range.ts';
import type { Reach } from './address-rules.ts';
import { checkWebhookUrl } from './webhook-url.ts';

const STRANGER: Reach = { isOfServer: false, networks: [] };
const OF_SERVER: Reach = { isOfServer: true, networks: [] };

test.each([
  ['https://example.com', 'https://example.com/'],
  ['HTTPS://Example.COM:443/Hook?a=b&c', 'https://example.com/Hook?a=b&c'],
  ['http://example.com:8080/a/../b', 'http://example.com:8080/b'],
  ['http://8.8.8.8:80/', 'http://8.8.8.8/'],
  ['https://xn--bcher-kva.example/', 'https://xn--bcher-kva.example/'],
  ['http://example.com/@me', 'http://example.com/@me'],
  ['http://[2606:4700:4700::1111]:65535/', 'http://[2606:4700:4700::1111]:65535/'],
])('%s is accepted, as it will be asked for', (text, href) => {
  expect(checkWebhookUrl(text, STRANGER)).toBe(href);
});

test.each([
  'http://127.0.0.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0x7f.1/',
  'http://017700000001/',
  'http://127.1/',
  'http://0177.0.0.1/',
  'http://127.0.0.1./',
  'http://%31%32%37.0.0.1/',
  'http://10.0.0.1:8080/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[fc00::1]/',
])('%s is refused to an account that may not reach it, and not to that of the server', (text) => {
  expect(() => checkWebhookUrl(text, STRANGER)).toThrow('a private address');
  expect(() => checkWebhookUrl(text, OF_SERVER)).not.toThrow();
});

test.each([
  'http://169.254.169.254/latest/meta-data/',
  'http://2852039166/',
  'http://0xa9fea9fe/',
  'http://[::ffff:a9fe:a9fe]/',
  'http://[fe80::1]/',
  'http://[::]/',
  'http://0.0.0.0/',
  'http://0/',
  'http://100.100.100.200/',
  'http://168.63.129.16/machine?comp=goalstate',
  'http://[ff02::1]/',
  'http://255.255.255.255/',
])('%s is refused to everybody', (text) => {
  expect(() => checkWebhookUrl(text, OF_SERVER)).toThrow('no webhook may reach');
});

test('a private address that the settings name is accepted', () => {
  const networks = [parseIpRange('10.1.0.0/16')].filter((range) => range !== undefined);
  expect(checkWebhookUrl('http://10.1.2.3/', { isOfServer: false, networks })).toBe('http://10.1.2.3/');
  expect(() => checkWebhookUrl('http://10.2.2.3/', { isOfServer: false, networks })).toThrow('a private address');
});

test.each([
  ['', 'expected: an http:// or https:// URL'],
  ['example.com', 'expected: an http:// or https:// URL'],
  ['http:example.com', 'expected: an http:// or https:// URL'],
  ['http:\\\\example.com', 'expected: an http:// or https:// URL'],
  ['ftp://example.com/', 'expected: an http:// or https:// URL'],
  ['file:///etc/passwd', 'expected: an http:// or https:// URL'],
  ['gopher://example.com/', 'expected: an http:// or https:// URL'],
  ['http://', 'expected: an http:// or https:// URL'],
  ['http://[fe80::1%25eth0]/', 'expected: an http:// or https:// URL'],
  ['http://256.0.0.1/', 'expected: an http:// or https:// URL'],
  ['http://example.com:65536/', 'expected: an http:// or https:// URL'],
  ['http://exam ple.com/', 'outside of printable ASCII'],
  ['http://example.com/\r\nX-Evil: 1', 'outside of printable ASCII'],
  ['http://example.com/\u0000', 'outside of printable ASCII'],
  ['http://bücher.example/', 'outside of printable ASCII'],
  ['http://127。0。0。1/', 'outside of printable ASCII'],
  ['http://example.com/#part', 'a fragment'],
  ['http://example.com/#', 'a fragment'],
  ['http://example.com:22/', 'its port is 22'],
  ['http://example.com:0/', 'its port is 0'],
  ['http://example.com:1023/', 'its port is 1023'],
  [`http://example.com/${'a'.repeat(2048)}`, 'at most 2048'],
  [`http://example.com/${'"'.repeat(1000)}`, 'too long when it is escaped'],
])('%j is refused in words', (text, words) => {
  expect(() => checkWebhookUrl(text, OF_SERVER)).toThrow(words);
});

test.each([
  'http://me:s3cret@example.com/',
  'http://s3cret@example.com/',
  'http://example.com:22/?token=s3cret',
  'http://10.0.0.1/s3cret',
  'http://169.254.169.254/s3cret',
  'https://example.com/#s3cret',
  'example.com/s3cret',
])('%s is refused without what may be a secret in it', (text) => {
  expect(() => checkWebhookUrl(text, STRANGER)).toThrow(/^The url is not valid: (?!.*s3cret)/);
});

test.each(['http://me@example.com/', 'http://@example.com/', 'http://:@example.com/'])(
  '%s is refused, because it names a user',
  (text) => {
    expect(() => checkWebhookUrl(text, OF_SERVER)).toThrow('it names a user or a password');
  },
);
