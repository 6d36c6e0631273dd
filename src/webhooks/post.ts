/**
 * One try at a receiver: a POST on a connection of its own. The addresses of the host are judged where the connection
 * takes them from, so that a name can't stand for one address when it is checked and for another when it is used; and no
 * connection is shared, or a webhook could use one that was opened with the rights of another. Of the answer only the
 * status is looked at, and a fault is told in words of ours: nobody reads an inner network by its answers.
 */

import type { LookupAddress, LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import { type buildConnector, Client, errors } from 'undici';
import { mayReach, type Reach } from './address-rules.ts';
import type { ResolveHost } from './resolve-host.ts';
import { hostOf } from './webhook-url.ts';

/** Of the whole try, from the name of the host to the answer. */
const TRY_MS = 10_000;

/** What is read of an answer's body, so that the receiver can finish; none of it is kept. */
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_ANSWER_HEADER_BYTES = 16 * 1024;

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly reach: Reach;
  readonly resolve: ResolveHost;
  readonly signal: AbortSignal;
  /** `TRY_MS` unless given. */
  readonly tryMs?: number;
}

/** The status that was answered, or why none was; rejects with the reason of `signal` alone. */
export type PostResult = { readonly status: number } | { readonly fault: PostFault };

export const POST_FAULTS = {
  timeout: `No answer came within ${TRY_MS / 1000} seconds.`,
  forbidden: 'The host stands for an address that this webhook may not reach.',
  noSuchHost: 'No address of the host could be found.',
  unreachable: 'No connection to the host could be made.',
  refused: 'The host refused the connection.',
  closed: 'The connection ended before the answer.',
  distrusted: 'The certificate of the host is not trusted.',
  invalid: 'The answer was no HTTP.',
} as const;

export type PostFault = keyof typeof POST_FAULTS;

export async function post({
  url: text,
  headers,
  body,
  reach,
  resolve,
  signal,
  tryMs = TRY_MS,
}: Post): Promise<PostResult> {
  const url = new URL(text);
  const timeout = AbortSignal.timeout(tryMs);
  const either = AbortSignal.any([signal, timeout]);
  if (isIP(hostOf(url)) !== 0 && !mayReach(hostOf(url), reach)) return { fault: 'forbidden' };
  const client = new Client(url.origin, {
    allowH2: false,
    pipelining: 0,
    maxHeaderSize: MAX_ANSWER_HEADER_BYTES,
    headersTimeout: tryMs,
    bodyTimeout: tryMs,
    connect: { timeout: tryMs, lookup: guardedLookup(resolve, reach, either), signal: either },
  });
  try {
    const target = { method: 'POST', path: url.pathname + url.search, headers, body, signal: either } as const;
    const reply = await client.request(target);
    // Whatever becomes of the rest: the receiver has answered.
    await reply.body.dump({ limit: MAX_ANSWER_BYTES, signal: either }).catch(() => undefined);
    return { status: reply.statusCode };
  } catch (error) {
    signal.throwIfAborted();
    return { fault: timeout.aborted ? 'timeout' : faultOf(error) };
  } finally {
    await client.destroy();
  }
}

class ForbiddenAddress extends Error {}

type Lookup = NonNullable<Extract<buildConnector.BuildOptions, { lookup?: unknown }>['lookup']>;

/** The lookup of the connection itself. */
function guardedLookup(resolve: ResolveHost, reach: Reach, signal: AbortSignal): Lookup {
  return (hostname, { all, family }, callback) => {
    reachable(hostname, resolve(hostname, signal), { reach, family }).then(
      (found) => (all ? callback(null, [...found]) : callback(null, found[0].address, found[0].family)),
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
}

/** The addresses of a host. One that may not be reached forbids the host. */
async function reachable(
  hostname: string,
  addresses: ReturnType<ResolveHost>,
  { reach, family }: { readonly reach: Reach; readonly family: LookupOptions['family'] },
): Promise<readonly [LookupAddress, ...LookupAddress[]]> {
  const found = await addresses;
  if (found.some(({ address }) => !mayReach(address, reach))) throw new ForbiddenAddress(hostname);
  const [first, ...others] = found.filter((each) => !family || each.family === family);
  if (first === undefined) throw Object.assign(new Error(`no address of ${hostname}`), { code: 'ENOTFOUND' });
  return [first, ...others];
}

function faultOf(error: unknown): PostFault {
  if (error instanceof ForbiddenAddress) return 'forbidden';
  // Where several addresses were tried, the last tells as much as any.
  if (error instanceof AggregateError && error.errors.length > 0) return faultOf(error.errors.at(-1));
  if (error instanceof errors.HTTPParserError) return 'invalid';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return FAULTS[code] ?? (/CERT|SIGNATURE|SSL|TLS|ISSUER/.test(code) ? 'distrusted' : 'unreachable');
}

const FAULTS: Readonly<Record<string, PostFault>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
  UND_ERR_SOCKET: 'closed',
  ENOTFOUND: 'noSuchHost',
  ENODATA: 'noSuchHost',
  ESERVFAIL: 'noSuchHost',
  EAI_AGAIN: 'noSuchHost',
  ETIMEOUT: 'noSuchHost',
  ECANCELLED: 'noSuchHost',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  ETIMEDOUT: 'timeout',
  UND_ERR_HEADERS_OVERFLOW: 'invalid',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'invalid',
  // By undici, of a status below 100.
  ERR_ASSERTION: 'invalid',
};
