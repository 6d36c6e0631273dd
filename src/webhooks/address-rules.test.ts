import { describe, expect, test } from 'vitest';
import { type IpRange, parseIpRange } from '../core/ip-range.ts';
import { type AddressKind, addressKind, mayReach } from './address-rules.ts';

const KINDS: Readonly<Record<AddressKind, readonly string[]>> = {
  public: [
    '8.8.8.8',
    '100.63.255.255',
    '100.128.0.1',
    '172.15.255.255',
    '172.32.0.1',
    '169.253.255.255',
    '169.255.0.1',
    '223.255.255.255',
    '2400:3200::1',
    '2606:4700:4700::1111',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '2002:808:808::1',
  ],
  private: [
    '127.0.0.1',
    '127.255.255.254',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '198.18.0.1',
    '203.0.113.7',
    '::1',
    'fc00::1',
    'fdff:ffff::1',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    '64:ff9b::a00:1',
    '64:ff9b::127.0.0.1',
    '2002:c0a8:101::1',
  ],
  never: [
    '0.0.0.0',
    '0.1.2.3',
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '::ffff:168.63.129.16',
    '192.0.0.192',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'febf:ffff::1',
    'fec0::1',
    'ff02::1',
    'fd00:ec2::254',
    'fd20:ce::254',
    '::ffff:169.254.169.254',
    '::ffff:0.0.0.0',
    '::169.254.169.254',
    '::7f00:1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::7f00:1',
    '2002:a9fe:a9fe::1',
    '2001::1',
    '2001:db8::1',
    '3fff::1',
    '4000::1',
    '100::1',
    '5f00::1',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '',
  ],
};

const cases = (Object.keys(KINDS) as AddressKind[]).flatMap((kind) => KINDS[kind].map((text) => [text, kind] as const));

test.each(cases)('the address %s is one of the kind %s', (text, kind) => {
  expect(addressKind(text)).toBe(kind);
});

describe('a webhook reaches', () => {
  const networks = ['10.1.0.0/16', 'fc00::/8', '169.254.0.0/16', '0.0.0.0/0', '::/0'];
  const some = { isOfServer: false, networks: rangesOf(networks.slice(0, 3)) };
  const all = { isOfServer: true, networks: rangesOf(networks) };
  const none = { isOfServer: false, networks: [] };

  test.each(cases)('%s, which is %s, when it may', (text, kind) => {
    expect(mayReach(text, none)).toBe(kind === 'public');
    expect(mayReach(text, all)).toBe(kind !== 'never');
    expect(mayReach(text, { isOfServer: true, networks: [] })).toBe(kind !== 'never');
  });

  test.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['64:ff9b::a01:203', true],
    ['10.2.0.1', false],
    ['fc00::1', true],
    ['fd00::1', false],
    ['169.254.0.1', false],
  ])('%s by the setting webhookNetworks: %s', (text, may) => {
    expect(mayReach(text, some)).toBe(may);
  });
});

function rangesOf(texts: readonly string[]): readonly IpRange[] {
  return texts.flatMap((text) => parseIpRange(text) ?? []);
}
