/** One operation of the admin API: how it is recognised, what it needs, and what it does. */

import type { Query } from '../core/request-target.ts';
import type { HttpRequest, HttpResponse } from '../http/http-server.ts';
import type { AdminServices } from './ports.ts';

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** What follows `/-/api/v1/`; `{name}` stands for one segment of the path, `{+name}` for text that may hold slashes. */
  readonly path: string;
  /**
   * Whose things it is about. `account`: of the account of whoever asks, or of the one that `?account=` names. `server`:
   * of the server itself, which belong to its own account.
   */
  readonly of: 'account' | 'server';
  /** The permission it needs, checked before it runs. */
  readonly action: `stocktake:${string}`;
  /** What it needs the permission on, as in `user/anna` or, where the name is not known yet, `user/*`. */
  readonly resource: (param: Param) => string;
  /** What it needs the same permission on besides. */
  readonly also?: (param: Param) => string;
  /** The query parameters it reads besides `account`; a request that has another is refused. */
  readonly query?: readonly string[];
  readonly handle: (exchange: Exchange) => Promise<HttpResponse>;
}

/** The text that a request has in the place of `{name}`. */
export type Param = (name: string) => string;

/** A request that was authenticated, routed and allowed. */
export interface Exchange {
  readonly request: HttpRequest;
  /** Without `account`. */
  readonly query: Query;
  readonly param: Param;
  /** The account whose things it is about; that there is such an account was not looked up. */
  readonly account: string;
  readonly services: AdminServices;
  /** Names what was changed, for the audit log, where that is more than the operation's resource. */
  readonly setTarget: (target: string) => void;
}
