/** One operation of the admin API: how it is recognised, what it needs, and what it does. */

import type { Query } from '../core/request-target.ts';
import type { HttpRequest, HttpResponse } from '../http/http-server.ts';
import type { AdminServices } from './ports.ts';

export interface Operation {
  readonly method: 'GET' | 'POST';
  /** What follows `/-/api/v1/`; `{id}` stands for an id, which may hold slashes. */
  readonly path: string;
  /** The permission it needs, checked before it runs. */
  readonly action: `stocktake:${string}`;
  readonly handle: (exchange: Exchange) => Promise<HttpResponse>;
}

/** A request that was authenticated, routed and allowed. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly query: Query;
  /** Decoded; empty when the path has none. */
  readonly id: string;
  readonly services: AdminServices;
}
