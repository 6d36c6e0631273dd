import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isInRange, parseIp, parseIpRange } from './ip-range.ts';

function isIn(address: string, range: string): boolean {
  const ip = parseIp(address);
  const parsed = parseIpRange(range);
  assert(ip !== undefined && parsed !== undefined);
  return isInRange(ip, parsed);
}

test.each([
  ['192.168.0.1', '192.168.0.1', true],
  ['192.168.0.2', '192.168.0.1', false],
  ['192.168.255.255', '192.168.0.0/16', true],
  ['192.169.0.0', '192.168.0.0/16', false],
  ['10.1.2.3', '10.9.9.9/8', true],
  ['1.2.3.4', '0.0.0.0/0', true],
  ['2001:db8::1', '2001:db8::/32', true],
  ['2001:db9::1', '2001:db8::/32', false],
  ['2001:DB8:0:0::1', '2001:db8::1', true],
  ['::1', '::1/128', true],
  ['fe80::1%eth0', 'fe80::/10', true],
  ['::ffff:10.0.0.1', '10.0.0.0/8', true],
  ['10.0.0.1', '::ffff:10.0.0.0/104', true],
  ['11.0.0.1', '::ffff:10.0.0.0/104', false],
  ['10.0.0.1', '::/0', false],
  ['2001:db8::1', '0.0.0.0/0', false],
])('%s in %s: %s', (address, range, expected) => {
  expect(isIn(address, range)).toBe(expected);
});

test.each([
  '',
  '10.0.0',
  '10.0.0.256',
  '010.0.0.1',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  '::/129',
  'fe80::1%eth0',
  'localhost',
  '10.0.0.*',
])('"%s" is no range', (text) => {
  expect(parseIpRange(text)).toBeUndefined();
});

test('an address is in a range when a block list of the platform says so', () => {
  const v4 = fc.tuple(fc.ipV4(), fc.ipV4(), fc.nat({ max: 32 }), fc.constant('ipv4' as const));
  const v6 = fc.tuple(fc.ipV6(), fc.ipV6(), fc.nat({ max: 128 }), fc.constant('ipv6' as const));
  fc.assert(
    fc.property(fc.oneof(v4, v6), fc.boolean(), ([net, other, prefix, family], isSame) => {
      const address = isSame ? net : other;
      // A platform's list takes IPv4 in IPv6 for both families at once.
      fc.pre(parseIp(net)?.family === parseIp(address)?.family);
      fc.pre((parseIp(net)?.family === 4) === (family === 'ipv4'));
      const list = new BlockList();
      list.addSubnet(net, prefix, family);
      expect(isIn(address, `${net}/${prefix}`)).toBe(list.check(address, family));
    }),
    { numRuns: 1000 },
  );
});
