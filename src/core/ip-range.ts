/** Addresses and ranges of them (CIDR), as conditions of policies and the settings name them. */

import { isIPv4, isIPv6 } from 'node:net';

export interface IpAddress {
  readonly family: 4 | 6;
  /** As a number of 32 or 128 bits. */
  readonly bits: bigint;
}

export interface IpRange extends IpAddress {
  /** How many of the first bits an address has in common with the range. */
  readonly prefix: number;
}

const WIDTH = { 4: 32, 6: 128 } as const;
/** `::ffff:0:0/96`: IPv4 addresses as IPv6 spells them. */
const MAPPED = 0xffffn;
const MAPPED_PREFIX = 96;

/** The address; undefined when it is none. One of IPv4 is the same in its IPv6 spelling, and a zone says nothing. */
export function parseIp(text: string): IpAddress | undefined {
  const range = readRange(text.replace(/%.*$/s, ''), undefined);
  return range === undefined ? undefined : { family: range.family, bits: range.bits };
}

/** A single address, or as in `192.168.0.0/16`; undefined when it is neither. */
export function parseIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return readRange(text, undefined);
  const prefix = text.slice(slash + 1);
  return /^\d{1,3}$/.test(prefix) ? readRange(text.slice(0, slash), Number(prefix)) : undefined;
}

export function isInRange(address: IpAddress, range: IpRange): boolean {
  if (address.family !== range.family) return false;
  const shift = BigInt(WIDTH[range.family] - range.prefix);
  return address.bits >> shift === range.bits >> shift;
}

function readRange(address: string, prefix: number | undefined): IpRange | undefined {
  if (isIPv4(address)) return ofFamily(4, bitsOfV4(address), prefix);
  if (!isIPv6(address) || address.includes('%')) return undefined;
  const range = ofFamily(6, bitsOfV6(address), prefix);
  if (range === undefined || range.prefix < MAPPED_PREFIX || range.bits >> 32n !== MAPPED) return range;
  return { family: 4, bits: range.bits & 0xffffffffn, prefix: range.prefix - MAPPED_PREFIX };
}

function ofFamily(family: 4 | 6, bits: bigint, prefix: number = WIDTH[family]): IpRange | undefined {
  return prefix <= WIDTH[family] ? { family, bits, prefix } : undefined;
}

function bitsOfV4(address: string): bigint {
  return address.split('.').reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
}

function bitsOfV6(address: string): bigint {
  const [head = '', tail] = address.split('::');
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const between = Array.from({ length: 8 - before.length - after.length }, () => 0n);
  return [...before, ...between, ...after].reduce((bits, group) => (bits << 16n) | group, 0n);
}

/** Groups of 16 bits; an IPv4 address at the end stands for two of them. */
function groupsOf(text: string): bigint[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    const bits = bitsOfV4(group);
    return [bits >> 16n, bits & 0xffffn];
  });
}
