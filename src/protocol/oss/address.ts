/** Which bucket and key a request means, from its host and path (protocol sheet, section 1.1). */

import { assertLegalBucketName } from '../../core/bucket.ts';
import { DomainError } from '../../core/errors.ts';
import { decodePath, splitTarget } from '../../core/request-target.ts';

export interface Address {
  readonly bucket?: string;
  readonly key?: string;
  /** The region that the host names, when it is one of the original's endpoints. */
  readonly hostRegion?: string;
  /** The host without the bucket, with its port: what clients know as the endpoint. */
  readonly endpoint: string;
  readonly rawQuery: string;
}

export interface AddressContext {
  /** `bucket.<domain>` is virtual-hosted. */
  readonly domain: string;
  readonly regions: readonly string[];
}

/**
 * A host `<label>.<endpoint>` is virtual-hosted for the endpoints we know: our own domain, and `oss-<region>` of the
 * original, which ali-oss sends even to an IP address. Every other host is path-style, so that the server answers
 * under whatever name its network gives it.
 */
export function resolveAddress(host: string, target: string, context: AddressContext): Address {
  const { path, rawQuery } = splitTarget(target);
  assertHost(host);
  const name = nameOf(host);
  for (const { endpoint, region } of knownEndpoints(context)) {
    const named = region === undefined ? {} : { hostRegion: region };
    if (name === endpoint) return { ...named, ...fromPath(path), endpoint: host, rawQuery };
    if (!name.endsWith(`.${endpoint}`)) continue;
    const bucket = name.slice(0, -endpoint.length - 1);
    const bare = host.slice(bucket.length + 1);
    // ali-oss puts the dot before the endpoint even when it has no bucket to put there.
    if (bucket === '') return { ...named, ...fromPath(path), endpoint: bare, rawQuery };
    assertLegalBucketName(bucket);
    return { ...named, bucket, ...keyOf(path.slice(1)), endpoint: bare, rawQuery };
  }
  return { ...fromPath(path), endpoint: host, rawQuery };
}

/** True when the host names a bucket, so that the whole path is a key. */
export function isVirtualHosted(host: string, context: AddressContext): boolean {
  const name = nameOf(host);
  for (const { endpoint } of knownEndpoints(context)) {
    if (name === endpoint) return false;
    if (name.endsWith(`.${endpoint}`)) return !name.startsWith('.');
  }
  return false;
}

/** A name or an address, with or without a port. Two Host headers, which mean two places, come joined by a comma. */
function assertHost(host: string): void {
  if (/^[\w.~%:[\]-]{0,255}$/.test(host)) return;
  throw new DomainError('InvalidArgument', 'The Host header is not valid: it names one host, and a port or none.', {
    ArgumentName: 'Host',
  });
}

function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '');
}

function* knownEndpoints({ domain, regions }: AddressContext): Generator<{ endpoint: string; region?: string }> {
  for (const region of regions) {
    yield { endpoint: `oss-${region}.aliyuncs.com`, region };
    yield { endpoint: `oss-${region}-internal.aliyuncs.com`, region };
  }
  yield { endpoint: domain.toLowerCase() };
}

function fromPath(path: string): { bucket?: string; key?: string } {
  const slash = path.indexOf('/', 1);
  const bucket = decodePath(slash < 0 ? path.slice(1) : path.slice(1, slash));
  if (bucket === '') {
    if (slash < 0) return {};
    throw new DomainError('InvalidBucketName', 'The specified bucket is not valid: the path names none.');
  }
  assertLegalBucketName(bucket);
  return slash < 0 ? { bucket } : { bucket, ...keyOf(path.slice(slash + 1)) };
}

function keyOf(rawKey: string): { key?: string } {
  return rawKey === '' ? {} : { key: decodePath(rawKey) };
}
