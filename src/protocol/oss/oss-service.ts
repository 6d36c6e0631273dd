/**
 * The OSS wire: from a request to a response. The order is fixed: address, signature, route, permission, operation;
 * nothing is decided by the client's word before it is proven.
 */

import { bucketResource, objectResource, serviceResource } from '../../access/access.ts';
import type { Identity } from '../../access/identity.ts';
import { DomainError } from '../../core/errors.ts';
import { parseQuery } from '../../core/request-target.ts';
import type { HttpRequest, HttpResponse } from '../../http/http-server.ts';
import { type Address, resolveAddress } from './address.ts';
import { authenticate } from './authenticate.ts';
import { errorReply } from './error-reply.ts';
import type { Exchange, Level, ObjectName } from './operation.ts';
import type { Services } from './ports.ts';
import { refuseAnonymousOverrides } from './response-overrides.ts';
import { route } from './route.ts';

/** Told of each fault that is not the client's. */
export type FaultLog = (error: unknown, request: HttpRequest) => void;

export class OssService {
  readonly #services: Services;
  readonly #onFault: FaultLog;

  constructor(services: Services, onFault: FaultLog) {
    this.#services = services;
    this.#onFault = onFault;
  }

  /** Answers a request; every failure is an answer in the form of the wire. */
  async handle(request: HttpRequest): Promise<HttpResponse> {
    const startedAt = performance.now();
    let response: HttpResponse;
    try {
      response = await this.#serve(request);
    } catch (error) {
      if (!(error instanceof DomainError)) this.#onFault(error, request);
      response = errorReply(error, request);
    }
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

  async #serve(request: HttpRequest): Promise<HttpResponse> {
    const { settings, credentials, now } = this.#services;
    const address = resolveAddress(request.headers.host ?? '', request.target, settings);
    const query = parseQuery(address.rawQuery);
    const { identity, signature } = authenticate(
      { method: request.method, bucket: address.bucket, key: address.key, query, headers: request.headers },
      { credentials, nowMs: now(), servedRegions: settings.regions, hostRegion: address.hostRegion },
    );
    const level = levelOf(address);
    const operation = route({ method: request.method, level, query, headers: request.headers });
    const bucketName = address.bucket ?? '';
    const exchange: Exchange = {
      request,
      query,
      hostRegion: address.hostRegion,
      endpoint: address.endpoint,
      bucketName,
      key: address.key ?? '',
      services: this.#services,
      assertAllowed: (action, resource) => this.#assertAllowed(identity, action, resource),
    };
    if (identity.kind === 'anonymous' && level === 'object') refuseAnonymousOverrides(query);
    exchange.assertAllowed(operation.action, exchange);
    this.#assertAddressed(address);
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
    return await operation.handle(exchange);
  }

  /** A host that names a region reaches that region's buckets only (protocol sheet, section 1.1). */
  #assertAddressed({ bucket: bucketName, hostRegion }: Address): void {
    const bucket = bucketName === undefined ? undefined : this.#services.store.findBucket(bucketName);
    if (bucket === undefined || hostRegion === undefined || bucket.region === hostRegion) return;
    throw new DomainError(
      'AccessDenied',
      'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
      { Bucket: bucket.name, Endpoint: `oss-${bucket.region}.aliyuncs.com` },
    );
  }

  #assertAllowed(identity: Identity, action: string, { bucketName, key }: ObjectName): void {
    const { access, settings, store } = this.#services;
    const bucket = bucketName === '' ? undefined : store.findBucket(bucketName);
    // A bucket that isn't there is judged like one of the account's own, so that its owner learns that it is missing.
    const place = { region: bucket?.region ?? settings.regions[0], owner: bucket?.owner ?? settings.accountId };
    const resource =
      bucketName === ''
        ? serviceResource(settings.accountId)
        : key === ''
          ? bucketResource(place, bucketName)
          : objectResource(place, bucketName, key);
    const decision = access.allows(identity, action, resource);
    if (decision.allowed) return;
    const isAnonymousAtService = identity.kind === 'anonymous' && bucketName === '';
    throw new DomainError(isAnonymousAtService ? 'AnonymousForbidden' : 'AccessDenied', decision.reason);
  }
}

function levelOf({ bucket, key }: Address): Level {
  if (bucket === undefined) return 'service';
  return key === undefined ? 'bucket' : 'object';
}
