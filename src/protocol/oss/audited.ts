/** What the audit log says of a request: each refusal, and each that changes how the service or a bucket is set up. */

import { auditedRequest } from '../../access/audited-request.ts';
import type { Identity } from '../../access/identity.ts';
import type { AuditEntry } from '../../core/audit.ts';
import { DomainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { Query } from '../../core/request-target.ts';
import type { HttpRequest } from '../../http/http-server.ts';
import { ERROR_TABLE } from './error-table.ts';
import type { Operation } from './operation.ts';
import type { Permissions } from './permissions.ts';

const MAX_TARGET_CHARACTERS = 300;

/** What became known of a request while it was served. */
export interface Trace {
  identity?: Identity;
  query?: Query;
  operation?: Operation;
  permissions?: Permissions;
}

export interface Outcome {
  readonly status: number;
  /** Absent when it was done. */
  readonly error?: unknown;
}

/** The entry of a request that was answered; undefined for one that is none of the log's business. */
export function auditEntry(request: HttpRequest, trace: Trace, { status, error }: Outcome): AuditEntry | undefined {
  const { identity, query, operation, permissions } = trace;
  const isRefused = status === 403;
  if (!isRefused && !(operation !== undefined && isManagement(operation))) return undefined;
  if (error === undefined && operation?.isDryRun?.(request.headers) === true) return undefined;
  const target = ruleOf(query);
  const asked = permissions?.last;
  return {
    outcome: isRefused ? 'refused' : error === undefined ? 'done' : 'failed',
    ...auditedRequest(request, identity, error),
    ...(operation !== undefined && { operation: operation.name }),
    ...asked,
    ...(target !== undefined && { target: printable(target, MAX_TARGET_CHARACTERS) }),
    ...(error !== undefined && failureOf(error)),
  };
}

/** The rule that a request is about, and its run: the resource is their bucket. */
function ruleOf(query: Query | undefined): string | undefined {
  const [rule, run] = [query?.get('inventoryId'), query?.get('run')];
  if (rule === undefined) return undefined;
  return run === undefined || run === '' ? `rule/${rule}` : `rule/${rule} run/${run}`;
}

/** It changes something other than objects. */
function isManagement({ method, resource }: Operation): boolean {
  const isWrite = method === 'PUT' || method === 'POST' || method === 'DELETE';
  return isWrite && (resource === 'service' || resource === 'bucket');
}

/** A fault of ours is in the server's log, and its words aren't for this one. */
function failureOf(error: unknown): Pick<AuditEntry, 'code' | 'message'> {
  if (!(error instanceof DomainError)) return { code: ERROR_TABLE.InternalError.code };
  return { code: ERROR_TABLE[error.code].code, message: error.message };
}
