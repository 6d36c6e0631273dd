/** Who sends a request, when it came through proxies. Only what a trusted one says of those behind it is believed. */

import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { type IpRange, isInRange, parseIp, parseIpRange } from '../core/ip-range.ts';
import type { HeaderFields } from '../core/signed-request.ts';

export interface Peer {
  /** IPv4 in its own form also on a socket of IPv6. */
  readonly sourceIp: string;
  readonly isSecure: boolean;
}

/** A list of IP addresses and CIDR ranges of them. */
export class AddressList {
  readonly #ranges: readonly IpRange[];

  /** Throws for what is neither. */
  constructor(entries: readonly string[]) {
    this.#ranges = entries.map((entry) => {
      const range = parseIpRange(entry);
      assert(range, `"${entry}" is no IP address and no range of them`);
      return range;
    });
  }

  has(text: string): boolean {
    // Most servers trust no proxy, and this is asked for every request.
    if (this.#ranges.length === 0) return false;
    const address = parseIp(text);
    return address !== undefined && this.#ranges.some((range) => isInRange(address, range));
  }
}

const LOOPBACK = new AddressList(['127.0.0.0/8', '::1']);

/** An address that only this machine reaches. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.has(plainAddress(address));
}

/** The address as it is compared and shown. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** What proxies say of whom they heard from. */
const FORWARDING = ['x-forwarded-for', 'forwarded', 'x-real-ip'] as const;

/**
 * Whether a request was sent from this machine. One that a proxy passed on was not, though the proxy may well be here:
 * it counts only if that is trusted and names nobody but this machine, in the one form that is read here.
 */
export function isFromThisMachine({ sourceIp }: Peer, headers: HeaderFields, trusted: AddressList): boolean {
  if (!isLoopback(sourceIp)) return false;
  const told = FORWARDING.filter((name) => headers[name] !== undefined);
  if (told.length === 0) return true;
  if (told.length > 1 || told[0] !== 'x-forwarded-for' || !trusted.has(sourceIp)) return false;
  return (headers['x-forwarded-for'] ?? '').split(',').every((entry) => isLoopback(entry.trim()));
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
