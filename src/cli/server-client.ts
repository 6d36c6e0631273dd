/** Speaks to a server as any client does: the OSS wire over HTTP, path-style, every request signed with V4. */

import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { Pool } from 'undici';
import { type ClientSettings, loadClientSettings } from '../config.ts';
import { signV4 } from '../core/oss-signature-v4.ts';
import { encodeKey, formatQuery, parseQuery } from '../core/request-target.ts';
import { childText, parseXml, type XmlElement } from '../core/xml.ts';
import { missingThing } from './missing-thing.ts';
import { type SigningKey, signingKeyOf } from './signing-key.ts';
import { stsForm } from './sts-form.ts';
import { UsageError } from './usage-error.ts';

const XML_LIMITS = { maxBytes: 64 * 1024 * 1024, maxDepth: 32, maxElements: 1_000_000 };
const CONNECTIONS = 32;

export interface ServerFlags {
  readonly endpoint?: string | undefined;
  readonly data?: string | undefined;
  readonly ca?: string | undefined;
}

export interface ServerRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly bucket?: string;
  readonly key?: string;
  /** Parameters in order; an undefined value gives a bare key. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | Readable;
  /** Without a byte of the reply for so long, it is given up. */
  readonly silenceMs?: number;
}

/** A request to the admin API, for JSON. */
export interface AdminRequest extends Pick<ServerRequest, 'query' | 'body'> {
  /** GET unless given. */
  readonly method?: ServerRequest['method'];
  /** What follows `/-/api/v1/`, not encoded. */
  readonly path: string;
}

export interface ServerReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

/** An error that the server answered, in its words. */
export class ServerError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(`${code}: ${message}`);
    this.name = 'ServerError';
    this.status = status;
    this.code = code;
  }
}

export function hasStatus(error: unknown, status: number): boolean {
  return error instanceof ServerError && error.status === status;
}

export class ServerClient {
  readonly endpoint: string;
  readonly accountId: string;
  readonly #pool: Pool;
  readonly #key: SigningKey;
  readonly #region: string;

  /** Takes the key from the settings, else from the data folder of a local server. */
  constructor(settings: ClientSettings) {
    this.endpoint = originOf(settings.endpoint);
    this.accountId = settings.accountId;
    this.#region = settings.region;
    this.#key = signingKeyOf(settings);
    const trust = settings.ca === undefined ? {} : { connect: { ca: readAuthority(settings.ca) } };
    this.#pool = new Pool(this.endpoint, { connections: CONNECTIONS, ...trust });
  }

  /** The reply to a request; throws `ServerError` for any status of 300 and above. */
  async send(request: ServerRequest): Promise<ServerReply> {
    const rawQuery = formatQuery(Object.entries(request.query ?? {}).map(([name, value = '']) => [name, value]));
    const path = [request.bucket, request.key]
      .filter((part) => part !== undefined)
      .map(encodeKey)
      .join('/');
    const { securityToken, ...key } = this.#key;
    const headers = { ...request.headers, ...(securityToken && { 'x-oss-security-token': securityToken }) };
    const signed = signV4(
      { method: request.method, bucket: request.bucket, key: request.key, query: parseQuery(rawQuery), headers },
      { ...key, region: this.#region, signedAtMs: Date.now() },
    );
    const isBucketLevel = request.bucket !== undefined && request.key === undefined;
    const target = `/${path}${isBucketLevel ? '/' : ''}${rawQuery === '' ? '' : `?${rawQuery}`}`;
    const reply = await this.#request(target, request, { ...headers, ...signed });
    if (reply.status < 300) return reply;
    throw serverError(reply.status, await collect(reply.body), request);
  }

  async sendForXml(request: ServerRequest): Promise<XmlElement> {
    return parseXml(await collect((await this.send(request)).body), XML_LIMITS);
  }

  async sendForJson<T>(request: ServerRequest): Promise<T> {
    return JSON.parse((await collect((await this.send(request)).body)).toString()) as T;
  }

  /** Asks the admin API, which lies and is signed where a bucket `-` would. */
  async sendForAdmin<T>({ method = 'GET', path, ...more }: AdminRequest): Promise<T> {
    return await this.sendForJson<T>({ ...more, method, bucket: '-', key: `api/v1/${path}` });
  }

  /** Asks STS, whose requests are forms that have a signature of their own. */
  async sendForSts(parameters: Readonly<Record<string, string>>): Promise<XmlElement> {
    const body = stsForm(parameters, this.#key);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const reply = await this.#request('/', { method: 'POST', body }, headers);
    const answer = await collect(reply.body);
    if (reply.status >= 300) throw serverError(reply.status, answer, {});
    return parseXml(answer, XML_LIMITS);
  }

  /** For replies whose body doesn't matter. */
  async sendForNothing(request: ServerRequest): Promise<ServerReply> {
    const reply = await this.send(request);
    await collect(reply.body);
    return reply;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #request(
    target: string,
    { method, body, silenceMs }: ServerRequest,
    headers: Record<string, string>,
  ): Promise<ServerReply> {
    try {
      const patience = silenceMs !== undefined && { bodyTimeout: silenceMs };
      const reply = await this.#pool.request({ path: target, method, headers, body: body ?? null, ...patience });
      return { status: reply.statusCode, headers: reply.headers, body: reply.body };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (DISTRUST.has(code)) throw distrusted(this.endpoint, code, error);
      if (!UNREACHABLE.has(code)) throw error;
      throw new Error(
        `No server answers at ${this.endpoint} (${code}). Start one with "stocktake serve", or name another with --endpoint.`,
        { cause: error },
      );
    }
  }
}

/** The server isn't there, or went away before it answered. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** What node says of a certificate that is not to be trusted. */
const DISTRUST = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

function distrusted(endpoint: string, code: string, cause: unknown): Error {
  const text = `The certificate that ${endpoint} shows is not trusted (${code}). If its authority is a private one, name that with --ca.`;
  return new Error(text, { cause });
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`The file of --ca, "${file}", can't be read: ${(cause as Error).message}`);
  }
}

/** A client of the server that flags and environment name. */
export function connect(flags: ServerFlags): ServerClient {
  return new ServerClient(loadClientSettings(flags));
}

/** Lends a client to `work`, and closes it however that ends: an open connection would keep the process alive. */
export async function withClient<T>(flags: ServerFlags, work: (client: ServerClient) => Promise<T>): Promise<T> {
  const client = connect(flags);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

export async function collect(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Scheme, host and port: a server has no path of its own before the buckets. */
function originOf(endpoint: string): string {
  const url = URL.parse(endpoint);
  if (url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '') return url.origin;
  throw new UsageError(`The endpoint is "${endpoint}" where a URL as in http://127.0.0.1:9300 is expected.`);
}

function serverError(status: number, body: Buffer, request: Pick<ServerRequest, 'bucket' | 'query'>): ServerError {
  try {
    const { code = String(status), message = '' } = errorFacts(body);
    return new ServerError(status, code, message + missingThing(code, request));
  } catch {
    return new ServerError(status, String(status), 'the server answered without an error document');
  }
}

/** Of the JSON of the admin API, or of the wire's XML. */
function errorFacts(body: Buffer): { readonly code?: string | undefined; readonly message?: string | undefined } {
  if (body.toString('latin1', 0, 1) === '{') {
    return (JSON.parse(body.toString()) as { error: { code: string; message: string } }).error;
  }
  const error = parseXml(body, XML_LIMITS);
  return { code: childText(error, 'Code'), message: childText(error, 'Message') };
}
