/** A bucket with an object in it, behind a real OssService: a test sees what a request comes to, and what it did. */

import type { Identity } from '../src/access/identity.ts';
import type { AuditEntry } from '../src/core/audit.ts';
import { signV4 } from '../src/core/oss-signature-v4.ts';
import { parseQuery } from '../src/core/request-target.ts';
import type { HttpRequest, HttpResponse } from '../src/http/http-server.ts';
import { OssService } from '../src/protocol/oss/oss-service.ts';
import { anyRequest, bytesOf } from './any-request.ts';
import { NOW_MS, REGION, servicesOf, type World } from './wire-ports.ts';

/** A request before it is signed. */
export interface Sent {
  readonly method: string;
  /** None at service level. */
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  /** The document, or for HEAD the one in the header. */
  readonly text: string;
  readonly headers: HttpResponse['headers'];
  /** What the request changed, as the names of methods. */
  readonly effects: readonly string[];
  /** What the audit log says of it. */
  readonly audited: readonly AuditEntry[];
  readonly faults: readonly unknown[];
}

/** Sends a request, signed by whoever asks, to a world of its own. */
export async function answerTo(identity: Identity, sent: Sent, world: World = {}): Promise<Answer> {
  const { service, ...seen } = wireService(identity, world);
  const { status, headers, body } = await service.handle(signedRequest(identity, sent));
  const text = typeof body === 'string' ? body : Buffer.from(headers['x-oss-err'] ?? '', 'base64').toString();
  return { status, text, headers, ...seen };
}

/** The service, of which every access key is that of one identity, and what is seen of it from behind. */
export function wireService(identity: Identity, world: World = {}) {
  const effects: string[] = [];
  const audited: AuditEntry[] = [];
  const faults: unknown[] = [];
  const services = servicesOf(identity, world, {
    done: async (name, result) => {
      effects.push(name);
      return result;
    },
    audit: { record: (entry) => audited.push(entry) },
  });
  return { service: new OssService(services, (fault) => faults.push(fault)), effects, audited, faults };
}

export function signedRequest(identity: Identity, sent: Sent): HttpRequest {
  const { method, bucket, key, query = '', headers: own, body = '' } = sent;
  const isSession = identity.kind === 'session';
  const headers = {
    host: 'localhost',
    'user-agent': 'walker/1',
    ...(isSession && { 'x-oss-security-token': 'token' }),
    ...own,
  };
  const signed =
    identity.kind === 'anonymous'
      ? {}
      : signV4(
          { method, bucket, key, query: parseQuery(query), headers },
          { accessKeyId: accessKeyOf(identity), secret: 'secret', region: REGION, signedAtMs: NOW_MS },
        );
  const path = [bucket, key].filter((part) => part !== undefined).join('/');
  const target = `/${path}${query === '' ? '' : `?${query}`}`;
  return anyRequest({ method, target, headers: { ...headers, ...signed }, body: bytesOf(body) });
}

function accessKeyOf(identity: Exclude<Identity, { kind: 'anonymous' }>): string {
  return identity.accessKeyId ?? 'STS.service';
}
