/**
 * The OSS wire: from a request to a response. The order is fixed: address, signature, route, permission, operation;
 * nothing is decided by the client's word before it is proven.
 */

import assert from 'node:assert/strict';
import type { RequestContext } from '../../access/access.ts';
import { requestContext } from '../../access/request-context.ts';
import { DomainError } from '../../core/errors.ts';
import { parseQuery, type Query } from '../../core/request-target.ts';
import { type OnServed, servedNow } from '../../core/served.ts';
import type { Tag } from '../../core/stored-object.ts';
import type { HttpRequest, HttpResponse } from '../../http/http-server.ts';
import { type Address, resolveAddress } from './address.ts';
import { auditEntry, type Trace } from './audited.ts';
import { authenticate } from './authenticate.ts';
import { errorCodeOf, errorReply } from './error-reply.ts';
import type { Exchange, Level, Named, Operation } from './operation.ts';
import { Permissions } from './permissions.ts';
import type { Services } from './ports.ts';
import { refuseAnonymousOverrides } from './response-overrides.ts';
import { route } from './route.ts';

/** Told of each fault that is not the client's. */
export type FaultLog = (error: unknown, request: HttpRequest) => void;

export class OssService {
  readonly #services: Services;
  readonly #onFault: FaultLog;
  readonly #onServed: OnServed;

  constructor(services: Services, onFault: FaultLog, onServed: OnServed = () => undefined) {
    this.#services = services;
    this.#onFault = onFault;
    this.#onServed = onServed;
  }

  /** Answers a request; every failure is an answer in the form of the wire. */
  async handle(request: HttpRequest): Promise<HttpResponse> {
    const startedAt = performance.now();
    const trace: Trace = {};
    let response: HttpResponse;
    let error: unknown;
    try {
      response = await this.#serve(request, trace);
    } catch (thrown) {
      error = thrown;
      if (!(error instanceof DomainError)) this.#onFault(error, request);
      response = errorReply(error, request);
    }
    const entry = auditEntry(request, trace, { status: response.status, error });
    if (entry !== undefined) this.#services.audit.record(entry);
    const { status } = response;
    // Not Modified is what the client hoped for.
    const errorCode = error !== undefined && status >= 400 ? errorCodeOf(error) : undefined;
    this.#onServed(servedNow(request, { status, startedAt, operation: trace.operation?.name, errorCode }));
    return {
      ...response,
      headers: {
        Server: 'AliyunOSS',
        'x-oss-request-id': request.id,
        'x-oss-server-time': String(Math.round(performance.now() - startedAt)),
        ...response.headers,
      },
    };
  }

  async #serve(request: HttpRequest, trace: Trace): Promise<HttpResponse> {
    const services = this.#services;
    const { settings, credentials } = services;
    const nowMs = services.now();
    const address = resolveAddress(request.headers.host ?? '', request.target, settings);
    const query = parseQuery(address.rawQuery);
    const { identity, signature } = authenticate(
      { method: request.method, bucket: address.bucket, key: address.key, query, headers: request.headers },
      { credentials, nowMs, servedRegions: settings.regions, hostRegion: address.hostRegion },
    );
    trace.identity = identity;
    trace.query = query;
    const level = levelOf(address);
    const operation = route({ method: request.method, level, query, headers: request.headers });
    trace.operation = operation;
    const requestTags = operation.requestTags?.(request.headers);
    const context = contextOf(request, { operation, query, nowMs, requestTags });
    const permissions = new Permissions({ identity, context, services });
    trace.permissions = permissions;
    const exchange: Exchange = {
      request,
      query,
      hostRegion: address.hostRegion,
      endpoint: address.endpoint,
      bucketName: address.bucket ?? '',
      key: address.key ?? '',
      identity,
      requestTags,
      services,
      assertAllowed: (...question) => {
        permissions.assertAllowed(...question);
        this.#assertAddressed(address);
      },
    };
    if (identity.kind === 'anonymous' && level === 'object') refuseAnonymousOverrides(query);
    if (operation.handle === undefined || operation.asks !== 'itself') askFor(operation, exchange);
    if (operation.needsV4 && signature !== 'v4') {
      throw new DomainError(
        'AccessDenied',
        `${operation.name} accepts V4 signatures only: others leave its query parameters unsigned.`,
      );
    }
    if (operation.handle === undefined) {
      throw new DomainError('NotImplemented', `${operation.name} is not implemented by this server.`, {
        Operation: operation.name,
      });
    }
    const response = await operation.handle(exchange);
    assert(permissions.last !== undefined, `${operation.name} answered before it had asked for its permission`);
    return response;
  }

  /**
   * A host that names a region reaches that region's buckets only (protocol sheet, section 1.1). Looked at when
   * something was allowed, because it tells that there is such a bucket.
   */
  #assertAddressed({ bucket: bucketName, hostRegion }: Address): void {
    if (bucketName === undefined || hostRegion === undefined) return;
    const bucket = this.#services.store.findBucket(bucketName);
    if (bucket === undefined || bucket.region === hostRegion) return;
    throw new DomainError(
      'AccessDenied',
      'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
      { Bucket: bucket.name, Endpoint: `oss-${bucket.region}.aliyuncs.com` },
    );
  }
}

/** The operation's own permission, and that for tags in its headers (protocol sheet, section 4.2). */
function askFor(operation: Operation, exchange: Exchange): void {
  const addressed = addressedBy(operation, exchange);
  exchange.assertAllowed(operation.action, addressed);
  if (exchange.requestTags !== undefined) exchange.assertAllowed('oss:PutObjectTagging', addressed);
}

/** The version counts where the operation is about one: elsewhere it would lend its ACL and tags to the latest. */
function addressedBy({ with: needed }: Operation, { bucketName, key, query }: Exchange): Named {
  const versionId = needed?.includes('versionId') ? query.get('versionId') : undefined;
  return { bucket: bucketName, key, ...(versionId !== undefined && { versionId }) };
}

interface Asked {
  readonly operation: Operation;
  readonly query: Query;
  readonly nowMs: number;
  readonly requestTags: readonly Tag[] | undefined;
}

function contextOf(request: HttpRequest, { operation, query, nowMs, requestTags }: Asked): RequestContext {
  return {
    ...requestContext(request, nowMs),
    ...(operation.isListing && { prefix: query.get('prefix') ?? '', delimiter: query.get('delimiter') ?? '' }),
    ...(requestTags !== undefined && { requestTags }),
  };
}

function levelOf({ bucket, key }: Address): Level {
  if (bucket === undefined) return 'service';
  return key === undefined ? 'bucket' : 'object';
}
