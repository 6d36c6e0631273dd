/**
 * Speaks the wire as bytes: what goes out is what the test wrote, signed or not, so that a test can send what no SDK
 * would. A client keeps to one connection as long as the server does.
 */

import { once } from 'node:events';
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { signatureV1, stringToSignV1 } from '../src/core/oss-signature-v1.ts';
import { signV4 } from '../src/core/oss-signature-v4.ts';
import { encodeComponent, encodeKey, parseQuery } from '../src/core/request-target.ts';
import { childText, parseXml } from '../src/core/xml.ts';
import { noteSecret, noteShownSecrets, openOutput } from './captured-output.ts';

export interface WireKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

export interface WireRequest {
  readonly method?: string;
  readonly bucket?: string;
  readonly key?: string;
  /** Raw, as it goes out and as it is signed. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signature?: 'v4' | 'v1' | 'none';
  readonly signWith?: Partial<WireKey> & { readonly region?: string; readonly atMs?: number };
  /** Headers put over the signed ones; undefined takes one away. */
  readonly tamper?: Readonly<Record<string, string | undefined>>;
  /** What goes out in place of the target that bucket, key and query make. They are what is signed all the same. */
  readonly target?: string;
}

export interface WireReply {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly text: string;
  /** The request went over the connection of the one before. */
  readonly isReused: boolean;
  /** What the error document of the wire says, in the body or, for HEAD, in the header. */
  readonly error: WireError | undefined;
}

export interface WireError {
  readonly document: string;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly requestId: string | undefined;
  readonly ec: string | undefined;
}

const keepAnswer = openOutput('answer');

const ERROR_LIMITS = { maxBytes: 1024 * 1024, maxDepth: 4, maxElements: 100 };

export class WireClient {
  readonly #endpoint: URL;
  readonly #key: WireKey;
  readonly #domain: string | undefined;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  /** With a `domain`, buckets are addressed as `<bucket>.<domain>`; without, by path. */
  constructor({ endpoint, key, domain }: { endpoint: string; key: WireKey; domain?: string }) {
    noteSecret(key.accessKeySecret);
    this.#endpoint = new URL(endpoint);
    this.#key = key;
    this.#domain = domain;
  }

  async send(request: WireRequest): Promise<WireReply> {
    const sent = httpRequest({
      agent: this.#agent,
      host: this.#endpoint.hostname,
      port: this.#endpoint.port,
      method: request.method ?? 'GET',
      path: request.target ?? this.#target(request),
      headers: this.headers(request),
    });
    // As bytes: a text would take the headers along into its encoding.
    sent.end(request.body === undefined ? undefined : Buffer.from(request.body));
    return await replyTo(sent);
  }

  /** The headers of a request, those of its signature among them. */
  headers(request: WireRequest): Record<string, string> {
    const headers = { ...this.#signedHeaders(request), ...request.tamper };
    return Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
  }

  /** The request as the bytes of HTTP/1.1, to be cut, glued and bent. */
  bytes(request: WireRequest): Buffer {
    const lines = Object.entries(this.headers(request)).map(([name, value]) => `${name}: ${value}\r\n`);
    const target = request.target ?? this.#target(request);
    const head = `${request.method ?? 'GET'} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
    return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(request.body ?? '')]);
  }

  close(): void {
    this.#agent.destroy();
  }

  #signedHeaders(request: WireRequest): Record<string, string> {
    const { method = 'GET', bucket, key, query = '', signature = 'v4', signWith = {} } = request;
    const host = this.#domain === undefined || bucket === undefined ? this.#endpoint.host : `${bucket}.${this.#domain}`;
    const length = request.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(request.body)) };
    const framing = request.headers?.['transfer-encoding'] === undefined ? length : {};
    const headers: Record<string, string> = { host, ...framing, ...request.headers };
    if (signature === 'none') return headers;

    const { accessKeyId, accessKeySecret, region = 'cn-hangzhou', atMs = Date.now() } = { ...this.#key, ...signWith };
    const signed = { method, bucket, key, query: parseQuery(query), headers };
    if (signature === 'v4') {
      const signer = { accessKeyId, secret: accessKeySecret, region, signedAtMs: atMs };
      return { ...headers, ...signV4(signed, signer) };
    }
    const date = new Date(atMs).toUTCString();
    const text = stringToSignV1({ ...signed, headers: { ...headers, date } }, date);
    return { ...headers, date, authorization: `OSS ${accessKeyId}:${signatureV1(accessKeySecret, text)}` };
  }

  #target({ bucket, key, query = '' }: WireRequest): string {
    const inPath = this.#domain === undefined ? bucket : undefined;
    const path = [inPath, key].filter((part) => part !== undefined).map(encodeKey);
    const isBucketLevel = inPath !== undefined && key === undefined;
    return `/${path.join('/')}${isBucketLevel ? '/' : ''}${query === '' ? '' : `?${query}`}`;
  }
}

/** A raw query of names and values; a name without a value stands bare. */
export function rawQuery(parameters: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => encodeComponent(name) + (value === undefined ? '' : `=${encodeComponent(value)}`))
    .join('&');
}

/** Sends bytes over a connection of their own, and returns what came back, one character per byte. The connection is
 *  left open until the server ends it or `isEnough` says that all has arrived that the test waits for. */
export async function sendBytes(
  port: number,
  bytes: Uint8Array | string,
  isEnough: (received: string) => boolean = () => false,
): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (isEnough(received)) resolve();
    });
    // A server that refuses may cut what is still being sent; what it said before is what counts.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
  await once(socket, 'connect');
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  await ended;
  socket.destroy();
  return received;
}

async function replyTo(sent: ClientRequest): Promise<WireReply> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve);
    sent.on('error', reject);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const headers = Object.fromEntries(
    Object.entries(message.headersDistinct).map(([name, values]) => [name, values?.join(',')]),
  );
  const status = message.statusCode ?? 0;
  if (status < 300) noteShownSecrets(body.toString('latin1', 0, 10_000));
  if (status >= 400) keepAnswer(`${JSON.stringify(message.headers)}\n${body.toString()}\n`);
  const isJson = headers['content-type'] === 'application/json';
  return {
    status,
    reason: message.statusMessage ?? '',
    headers,
    body,
    text: body.toString(),
    isReused: sent.reusedSocket,
    error: status < 400 || isJson ? undefined : readError(headers['x-oss-err'], body),
  };
}

function readError(header: string | undefined, body: Buffer): WireError | undefined {
  const document = header === undefined ? body : Buffer.from(header, 'base64');
  if (document.length === 0) return undefined;
  const root = parseXml(document, ERROR_LIMITS);
  return {
    document: document.toString(),
    code: childText(root, 'Code'),
    message: childText(root, 'Message'),
    requestId: childText(root, 'RequestId'),
    ec: childText(root, 'EC'),
  };
}
