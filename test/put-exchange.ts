import { parseQuery } from '../src/core/request-target.ts';
import type { Exchange } from '../src/protocol/oss/operation.ts';
import type { ObjectStorePort, Services } from '../src/protocol/oss/ports.ts';

/** A PUT of `logs/a` as an operation gets it, over as much of a store as the test is about. */
export function putExchange({
  headers,
  store,
  assertAllowed = () => undefined,
}: {
  readonly headers: Readonly<Record<string, string>>;
  readonly store: { readonly [Method in keyof ObjectStorePort]?: unknown };
  readonly assertAllowed?: Exchange['assertAllowed'] | undefined;
}): Exchange {
  return {
    request: { id: '', method: 'PUT', target: '/logs/a', headers, body: (async function* () {})() },
    query: parseQuery(''),
    hostRegion: undefined,
    endpoint: 'localhost',
    bucketName: 'logs',
    key: 'a',
    services: { store } as unknown as Services,
    assertAllowed,
  };
}
