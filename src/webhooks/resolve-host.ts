/**
 * The addresses of a host name. Names are asked for over the network, which holds up no thread; one that the network
 * does not know may stand in the machine's own list of hosts.
 */

import type { LookupAddress } from 'node:dns';
import { lookup, Resolver } from 'node:dns/promises';

export type ResolveHost = (name: string, signal: AbortSignal) => Promise<readonly LookupAddress[]>;

/** More than this no host needs. */
const MAX_ADDRESSES = 16;

const UNKNOWN_NAME = new Set(['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'EREFUSED', 'ECONNREFUSED', 'ENOTIMP']);

/** Rejects with an error of `node:dns` when there is no address. */
export const resolveHost: ResolveHost = async (name, signal) => {
  if (/(^|\.)localhost\.?$/i.test(name)) return LOOPBACK;
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    signal.throwIfAborted();
    const found = [...addresses(v4, 4), ...addresses(v6, 6)];
    if (found.length > 0) return found.slice(0, MAX_ADDRESSES);
    if (v4.status === 'rejected' && !UNKNOWN_NAME.has(codeOf(v4.reason))) throw v4.reason;
    return (await lookup(name, { all: true })).slice(0, MAX_ADDRESSES);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
};

/** No name server is asked for it: it could say anything. */
const LOOPBACK: readonly LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

function addresses(answer: PromiseSettledResult<readonly string[]>, family: 4 | 6): LookupAddress[] {
  return answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family })) : [];
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
