/** What the audit log says of a request to the admin API: each refusal, and each request that is to change something. */

import { auditedRequest } from '../access/audited-request.ts';
import type { Identity } from '../access/identity.ts';
import type { AuditEntry } from '../core/audit.ts';
import { withoutUndefined } from '../core/without-undefined.ts';
import type { HttpRequest } from '../http/http-server.ts';
import type { Operation } from './operation.ts';

/** What became known of a request while it was served. */
export interface Trace {
  identity?: Identity;
  operation?: Operation;
  /** What the permission was needed on. */
  resource?: string;
  target?: string;
}

/** The error of a request as it was answered. */
export interface Failure {
  readonly thrown: unknown;
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** As in `CreateUser`. */
export function operationName({ action }: Operation): string {
  return action.replace('stocktake:', '');
}

/** The entry of a request that was answered; undefined for one that is none of the log's business. */
export function auditEntry(request: HttpRequest, trace: Trace, failure: Failure | undefined): AuditEntry | undefined {
  const { identity, operation, resource, target } = trace;
  const isRefused = failure?.status === 403;
  const isChange = operation !== undefined && operation.method !== 'GET';
  if (!isRefused && !isChange) return undefined;
  return {
    outcome: isRefused ? 'refused' : failure === undefined ? 'done' : 'failed',
    ...auditedRequest(request, identity, failure?.thrown),
    ...withoutUndefined({
      operation: operation && operationName(operation),
      action: operation?.action,
      resource,
      target,
      code: failure?.code,
      message: failure?.message,
    }),
  };
}
