/**
 * Which addresses a webhook may reach. Whoever may make a webhook makes this server send requests, from where it stands:
 * inside a network that strangers can't enter. So what is not plainly public is reached for the server's own account
 * alone, or where the settings say so; and what only the machine itself should ever ask, by nobody.
 */

import { type IpAddress, type IpRange, isInRange, parseIp, parseIpRange } from '../core/ip-range.ts';

/** `never`: by no webhook, whatever the settings say. */
export type AddressKind = 'public' | 'private' | 'never';

/** What a webhook may reach besides public addresses. */
export interface Reach {
  /** All private addresses: its account is that of the server. */
  readonly isOfServer: boolean;
  /** The setting `webhookNetworks`. */
  readonly networks: readonly IpRange[];
}

export function mayReach(address: string, { isOfServer, networks }: Reach): boolean {
  const ip = parseIp(address);
  if (ip === undefined) return false;
  const meant = embedded(ip);
  const kind = kindOf(meant);
  return kind === 'public' || (kind === 'private' && (isOfServer || networks.some((range) => isInRange(meant, range))));
}

/** What an address is, once what it embeds is taken out of it. */
export function addressKind(address: string): AddressKind {
  const ip = parseIp(address);
  return ip === undefined ? 'never' : kindOf(embedded(ip));
}

const ranges = (...texts: readonly string[]): readonly IpRange[] => texts.flatMap((text) => parseIpRange(text) ?? []);

/** Link-local, none in particular, many at once, reserved; and where clouds answer a machine with its own credentials. */
const NEVER = ranges(
  '0.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '224.0.0.0/4',
  '240.0.0.0/4',
  'fd00:ec2::/32',
  'fd20:ce::254',
);

/** Loopback, networks of one's own, carriers' inner networks, and ranges that are no place on the internet. */
const PRIVATE = ranges(
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '::1',
  'fc00::/7',
);

/** All of IPv6 that is given out as public addresses, and what in it is not. Everything else is reached by nobody. */
const PUBLIC_V6 = ranges('2000::/3');
const NOT_PUBLIC_V6 = ranges('2001::/23', '2001:db8::/32', '3fff::/20');

function kindOf(address: IpAddress): AddressKind {
  const isIn = (list: readonly IpRange[]) => list.some((range) => isInRange(address, range));
  if (isIn(NEVER)) return 'never';
  if (isIn(PRIVATE)) return 'private';
  if (address.family === 4) return 'public';
  return isIn(PUBLIC_V6) && !isIn(NOT_PUBLIC_V6) ? 'public' : 'never';
}

/** Ranges of IPv6 that stand for IPv4: how far to the right the address of 32 bits lies in them. */
const EMBEDDING = [
  // NAT64
  { range: '64:ff9b::/96', shift: 0n },
  // 6to4
  { range: '2002::/16', shift: 80n },
].flatMap(({ range, shift }) => ranges(range).map((of) => ({ of, shift })));

/** The IPv4 address that a gateway would make of one of IPv6. `parseIp` has done so with `::ffff:10.0.0.1`. */
function embedded(address: IpAddress): IpAddress {
  const found = EMBEDDING.find(({ of }) => isInRange(address, of));
  return found === undefined ? address : { family: 4, bits: (address.bits >> found.shift) & 0xffffffffn };
}
