import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseIpRange } from '../core/ip-range.ts';
import { AddressList, isFromThisMachine, isLoopback, originalPeer, plainAddress } from './peer-address.ts';

const proxies = new AddressList(['10.0.0.0/8', '192.0.2.1', 'fd00::/8']);
const through = (sourceIp: string, headers: Record<string, string>) =>
  originalPeer({ sourceIp, isSecure: false }, headers, proxies);

test('what a stranger says of itself is not believed', () => {
  const headers = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' };
  expect(through('198.51.100.7', headers)).toEqual({ sourceIp: '198.51.100.7', isSecure: false });
});

test('behind a trusted proxy the client is the last address that is no proxy', () => {
  const headers = { 'x-forwarded-for': '1.1.1.1, 203.0.113.9,10.1.1.1 , fd00::5', 'x-forwarded-proto': 'https' };
  expect(through('10.0.0.1', headers)).toEqual({ sourceIp: '203.0.113.9', isSecure: true });
  expect(through('192.0.2.1', headers).sourceIp).toBe('203.0.113.9');
});

test.each([
  ['no list', {}, '10.0.0.1'],
  ['an empty list', { 'x-forwarded-for': '' }, '10.0.0.1'],
  ['proxies alone', { 'x-forwarded-for': '10.2.2.2,10.1.1.1' }, '10.2.2.2'],
  ['a name that is no address', { 'x-forwarded-for': '1.1.1.1, unknown, 10.1.1.1' }, '10.1.1.1'],
  ['an address of IPv4 in the form of IPv6', { 'x-forwarded-for': '::ffff:203.0.113.9' }, '203.0.113.9'],
])('%s leads to the nearest address that is known', (_what, headers, sourceIp) => {
  expect(through('10.0.0.1', headers).sourceIp).toBe(sourceIp);
});

test('the scheme is that of the nearest proxy', () => {
  expect(through('10.0.0.1', { 'x-forwarded-proto': 'https, http' }).isSecure).toBe(false);
  expect(through('10.0.0.1', { 'x-forwarded-proto': 'http,HTTPS ' }).isSecure).toBe(true);
});

test.each(['10.0.0.1', '10.0.0.0/8', '0.0.0.0/0', '::1', 'fe80::/64', '::/0'])('%s can be trusted', (entry) => {
  expect(parseIpRange(entry)).toBeDefined();
  expect(new AddressList([entry]).has(entry.split('/')[0] ?? '')).toBe(true);
});

test.each(['', 'localhost', '10.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::/129', '10.0.0.0/-1', '*'])(
  '"%s" is no address and no range',
  (entry) => expect(parseIpRange(entry)).toBeUndefined(),
);

test.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])('%s is this machine', (address) => {
  expect(isLoopback(address)).toBe(true);
});

test.each(['0.0.0.0', '::', '10.0.0.1', '2001:db8::1', '128.0.0.1'])('%s is more than this machine', (address) => {
  expect(isLoopback(address)).toBe(false);
});

test('law: whatever a header says, the peer is an address, and a stranger stays one', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string())), (proto, list) => {
      const headers = { 'x-forwarded-for': list.join(), 'x-forwarded-proto': proto };
      expect(through('10.0.0.1', headers).sourceIp).toMatch(/^[0-9a-f:.]+$/i);
      expect(through('198.51.100.7', headers).sourceIp).toBe('198.51.100.7');
      expect(plainAddress(plainAddress('::ffff:1.2.3.4'))).toBe('1.2.3.4');
    }),
  );
});

const local = new AddressList(['127.0.0.1', '10.0.0.0/8']);

test.each([
  ['a peer on this machine', '127.0.0.1', {}, true],
  ['a peer of IPv6 on this machine', '::1', {}, true],
  ['a peer elsewhere', '198.51.100.7', {}, false],
  ['a peer elsewhere that claims to be here', '198.51.100.7', { 'x-forwarded-for': '127.0.0.1' }, false],
  [
    'a trusted proxy elsewhere, where 127.0.0.1 is another machine',
    '10.0.0.1',
    { 'x-forwarded-for': '127.0.0.1' },
    false,
  ],
  ['a trusted proxy here that heard from elsewhere', '127.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, false],
  ['a trusted proxy here that heard from here', '127.0.0.1', { 'x-forwarded-for': '127.0.0.1' }, true],
  ['a claim that came along from elsewhere', '127.0.0.1', { 'x-forwarded-for': '127.0.0.1, 10.0.0.5' }, false],
  ['a list that names nobody', '127.0.0.1', { 'x-forwarded-for': '' }, false],
  ['a name that is no address', '127.0.0.1', { 'x-forwarded-for': 'localhost' }, false],
  ['a proxy here that nobody trusts', '127.0.0.2', { 'x-forwarded-for': '127.0.0.1' }, false],
  ['a form that is not read here', '127.0.0.1', { forwarded: 'for=127.0.0.1' }, false],
  [
    'a form that is not read here, beside one that is',
    '127.0.0.1',
    { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' },
    false,
  ],
])('whether a request was sent from this machine: %s', (_what, sourceIp, headers, expected) => {
  expect(isFromThisMachine({ sourceIp, isSecure: false }, headers, local)).toBe(expected);
});
