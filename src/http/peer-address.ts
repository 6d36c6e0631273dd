/** Who sends a request, when it came through proxies. Only what a trusted one says of those behind it is believed. */

import { BlockList, isIP } from 'node:net';
import type { HeaderFields } from '../core/signed-request.ts';

export interface Peer {
  /** IPv4 in its own form also on a socket of IPv6. */
  readonly sourceIp: string;
  readonly isSecure: boolean;
}

/** A list of IP addresses and CIDR ranges of them. */
export class AddressList {
  readonly #list = new BlockList();

  /** Throws for what `isAddressOrRange` says no to. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const [address = '', bits] = entry.split('/');
      const family = familyOf(address);
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  has(address: string): boolean {
    return isIP(address) !== 0 && this.#list.check(address, familyOf(address));
  }
}

const LOOPBACK = new AddressList(['127.0.0.0/8', '::1']);

/** An address that only this machine reaches. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.has(plainAddress(address));
}

/** Whether a text is an IP address, or a range of them as in `10.0.0.0/8`. */
export function isAddressOrRange(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** The address as it is compared and shown. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/**
 * The peer behind the proxies. Each appends to `X-Forwarded-For` whom it heard from, so the list is read from its end
 * for as long as those it names are trusted themselves; what stands before is anybody's word.
 */
export function originalPeer(direct: Peer, headers: HeaderFields, trusted: AddressList): Peer {
  if (!trusted.has(direct.sourceIp)) return direct;
  let { sourceIp } = direct;
  for (const entry of (headers['x-forwarded-for'] ?? '').split(',').reverse()) {
    const address = plainAddress(entry.trim());
    if (isIP(address) === 0) break;
    sourceIp = address;
    if (!trusted.has(address)) break;
  }
  const scheme = headers['x-forwarded-proto']?.split(',').at(-1)?.trim().toLowerCase();
  return { sourceIp, isSecure: scheme === undefined ? direct.isSecure : scheme === 'https' };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
