import { ANONYMOUS } from '../src/access/identity.ts';
import { parseQuery } from '../src/core/request-target.ts';
import type { Exchange } from '../src/protocol/oss/operation.ts';
import type { ObjectStorePort, Services } from '../src/protocol/oss/ports.ts';
import { anyRequest } from './any-request.ts';

/** A PUT of `logs/a` as an operation gets it, over as much of a store as the test is about. */
export function putExchange({
  headers,
  store,
  requestTags,
  assertAllowed = () => undefined,
}: {
  readonly headers: Readonly<Record<string, string>>;
  readonly store: { readonly [Method in keyof ObjectStorePort]?: unknown };
  readonly requestTags?: Exchange['requestTags'];
  readonly assertAllowed?: Exchange['assertAllowed'] | undefined;
}): Exchange {
  return {
    request: anyRequest({ method: 'PUT', target: '/logs/a', headers }),
    query: parseQuery(''),
    hostRegion: undefined,
    endpoint: 'localhost',
    bucketName: 'logs',
    key: 'a',
    identity: ANONYMOUS,
    requestTags,
    services: { store, settings: { accountId: '1000' } } as unknown as Services,
    assertAllowed,
  };
}
