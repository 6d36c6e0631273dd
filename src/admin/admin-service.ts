/**
 * The admin API: JSON for what the OSS wire has no words for. It lies where a bucket `-` would, which can't exist, and
 * is signed as if it did, so that every signer of the wire can sign for it. The order is that of the wire: address,
 * signature, route, permission, operation.
 */

import { assertAllowed } from '../access/refusal.ts';
import { requestContext } from '../access/request-context.ts';
import { DomainError, type ErrorCode } from '../core/errors.ts';
import { decodePath, parseQuery, splitTarget } from '../core/request-target.ts';
import { type OnServed, servedNow } from '../core/served.ts';
import { storageFull } from '../core/storage-full.ts';
import type { HttpRequest, HttpResponse } from '../http/http-server.ts';
import { jsonReply } from '../http/json-reply.ts';
import { auditEntry, type Failure, operationName, type Trace } from './audited.ts';
import type { AdminServices, Authenticated } from './ports.ts';
import { assertNoOther } from './read-input.ts';
import { noSuchPath, route } from './route.ts';
import { scopeOf, withoutAccount } from './scope.ts';

const BUCKET = '-';
const API = 'api/v1/';

/** Whether a target lies where the admin API does, on a host that names no bucket. */
export function isAdminTarget(target: string): boolean {
  return /^(?:https?:\/\/[^/?#]*)?\/-\//i.test(target);
}

export class AdminService {
  readonly #services: AdminServices;
  readonly #onFault: (error: unknown, request: HttpRequest) => void;
  readonly #onServed: OnServed;

  /** `onFault` is told of each fault that is not the client's, `onServed` of each request. */
  constructor(
    services: AdminServices,
    onFault: (error: unknown, request: HttpRequest) => void,
    onServed: OnServed = () => undefined,
  ) {
    this.#services = services;
    this.#onFault = onFault;
    this.#onServed = onServed;
  }

  /** Answers a request; every failure is an answer in JSON. */
  async handle(request: HttpRequest): Promise<HttpResponse> {
    const startedAt = performance.now();
    const trace: Trace = {};
    let response: HttpResponse;
    let errorCode: ErrorCode | undefined;
    let failure: Failure | undefined;
    try {
      response = await this.#serve(request, trace);
    } catch (thrown) {
      if (!(thrown instanceof DomainError)) this.#onFault(thrown, request);
      const error = expected(thrown);
      errorCode = error.code;
      const { status, code } = this.#services.describeError(error.code);
      failure = { thrown, status, code, message: error.message };
      response = errorReply(error, { status, code, requestId: request.id });
    }
    const entry = auditEntry(request, trace, failure);
    if (entry !== undefined) this.#services.audit.record(entry);
    const operation = trace.operation && operationName(trace.operation);
    this.#onServed(servedNow(request, { status: response.status, startedAt, operation, errorCode }));
    return {
      ...response,
      headers: { 'x-oss-request-id': request.id, 'Cache-Control': 'no-store', ...response.headers },
    };
  }

  async #serve(request: HttpRequest, trace: Trace): Promise<HttpResponse> {
    const services = this.#services;
    const { serverAccount } = services;
    const { method, headers } = request;
    const { path, rawQuery } = splitTarget(request.target);
    const key = decodePath(path.slice(`/${BUCKET}/`.length));
    if (!key.startsWith(API)) throw noSuchPath();
    const query = parseQuery(rawQuery);
    const authenticated = services.authenticate({ method, bucket: BUCKET, key, query, headers });
    const { identity } = authenticated;
    trace.identity = identity;
    const { operation, param } = route(method, key.slice(API.length));
    trace.operation = operation;
    trace.target = operation.resource(param);
    const { account, resources } = scopeOf({ operation, param, query, identity, serverAccount });
    const context = requestContext(request, services.now());
    for (const resource of resources) {
      trace.resource = resource.arn;
      assertAllowed({ identity, action: operation.action, resource, context });
    }
    assertSignedWhole(authenticated);
    const ownQuery = withoutAccount(query);
    assertNoOther(ownQuery, operation.query ?? []);
    const setTarget = (target: string) => {
      trace.target = target;
    };
    return await operation.handle({ request, query: ownQuery, param, account, services, setTarget });
  }
}

function assertSignedWhole({ signature, isUrl }: Authenticated): void {
  if (signature !== 'v4') {
    const text = 'The admin API accepts V4 signatures only: others leave its query unsigned.';
    throw new DomainError('AccessDenied', text);
  }
  if (isUrl) {
    const text =
      'The admin API accepts signatures in the Authorization header only: a signed URL is handed on too easily.';
    throw new DomainError('AccessDenied', text);
  }
}

/** A fault that we did not expect tells the client nothing of itself. */
function expected(error: unknown): DomainError {
  const text = 'The server met an error of its own. Try again; its log has more.';
  return error instanceof DomainError ? error : (storageFull(error) ?? new DomainError('InternalError', text));
}

function errorReply(
  { message, details }: DomainError,
  { status, code, requestId }: { readonly status: number; readonly code: string; readonly requestId: string },
): HttpResponse {
  const { Allow, AccessDeniedDetail: accessDeniedDetail } = details;
  const denial = accessDeniedDetail !== undefined && { accessDeniedDetail };
  const reply = jsonReply(status, { error: { code, message, requestId, ...denial } });
  return typeof Allow !== 'string' ? reply : { ...reply, headers: { ...reply.headers, Allow } };
}
