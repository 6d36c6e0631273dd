/**
 * The admin API: JSON for what the OSS wire has no words for. It lies where a bucket `-` would, which can't exist, and
 * is signed as if it did, so that every signer of the wire can sign for it. The order is that of the wire: address,
 * signature, route, permission, operation.
 */

import { serviceResource } from '../access/access.ts';
import { DomainError } from '../core/errors.ts';
import { decodePath, parseQuery, splitTarget } from '../core/request-target.ts';
import { storageFull } from '../core/storage-full.ts';
import type { HttpRequest, HttpResponse } from '../http/http-server.ts';
import { jsonReply } from '../http/json-reply.ts';
import type { AdminServices } from './ports.ts';
import { noSuchPath, route } from './route.ts';

const BUCKET = '-';
const API = 'api/v1/';

/** Whether a target lies where the admin API does, on a host that names no bucket. */
export function isAdminTarget(target: string): boolean {
  return /^(?:https?:\/\/[^/?#]*)?\/-\//i.test(target);
}

export class AdminService {
  readonly #services: AdminServices;
  readonly #onFault: (error: unknown, request: HttpRequest) => void;

  /** `onFault` is told of each fault that is not the client's. */
  constructor(services: AdminServices, onFault: (error: unknown, request: HttpRequest) => void) {
    this.#services = services;
    this.#onFault = onFault;
  }

  /** Answers a request; every failure is an answer in JSON. */
  async handle(request: HttpRequest): Promise<HttpResponse> {
    let response: HttpResponse;
    try {
      response = await this.#serve(request);
    } catch (error) {
      if (!(error instanceof DomainError)) this.#onFault(error, request);
      response = this.#errorReply(error, request);
    }
    return {
      ...response,
      headers: { 'x-oss-request-id': request.id, 'Cache-Control': 'no-store', ...response.headers },
    };
  }

  async #serve(request: HttpRequest): Promise<HttpResponse> {
    const { method, headers } = request;
    const { path, rawQuery } = splitTarget(request.target);
    const key = decodePath(path.slice(`/${BUCKET}/`.length));
    if (!key.startsWith(API)) throw noSuchPath();
    const query = parseQuery(rawQuery);
    const { identity, signature } = this.#services.authenticate({ method, bucket: BUCKET, key, query, headers });
    const { operation, id } = route(method, key.slice(API.length));
    const resource = serviceResource(this.#services.accountId);
    const decision = this.#services.access.allows(identity, operation.action, resource);
    if (!decision.allowed) throw new DomainError('AccessDenied', decision.reason);
    if (signature !== 'v4') {
      throw new DomainError(
        'AccessDenied',
        'The admin API accepts V4 signatures only: others leave its query unsigned.',
      );
    }
    return await operation.handle({ request, query, id, services: this.#services });
  }

  /** A fault that we did not expect tells the client nothing of itself. */
  #errorReply(error: unknown, request: HttpRequest): HttpResponse {
    const text = 'The server met an error of its own. Try again; its log has more.';
    const expected =
      error instanceof DomainError ? error : (storageFull(error) ?? new DomainError('InternalError', text));
    const { status, code } = this.#services.describeError(expected.code);
    const reply = jsonReply(status, { error: { code, message: expected.message, requestId: request.id } });
    const { Allow } = expected.details;
    return Allow === undefined ? reply : { ...reply, headers: { ...reply.headers, Allow } };
  }
}
