/**
 * Requests and responses on `node:http`. It knows no bucket: it bounds what comes in, hands over a request as bytes
 * and text, and sends what the handler returns.
 */

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { DomainError } from '../core/errors.ts';
import type { HeaderFields } from '../core/signed-request.ts';

/** The bounds of the door. Times in milliseconds. */
export const HTTP_BOUNDS = {
  /** All of them together. There is no bound on their number, because `node:http` drops what lies above that one in
   *  silence, and the header that is dropped may be the one that was to forbid something. */
  headerBytes: 64 * 1024,
  connections: 4096,
  /** For the headers of a request to arrive. */
  headersMs: 60_000,
  /** For a whole request to arrive: 5 GiB at 1.2 MB/s. */
  requestMs: 75 * 60_000,
  /** Without a byte either way. */
  idleMs: 120_000,
  keepAliveMs: 65_000,
  /** The longest body that is read for nothing, so that the connection can go on after its refusal. */
  refusedBodyBytes: 8 * 1024 * 1024,
  /** For a client to see that its connection ends, and to stop sending. */
  lingerMs: 10_000,
} as const;

export interface HttpRequest {
  /** 24 upper-case hex digits, the first eight being Unix seconds (protocol sheet, section 3.2). */
  readonly id: string;
  readonly method: string;
  /** As it came: path and query, undecoded. */
  readonly target: string;
  /** By lower-case name, repeated ones joined by a bare comma, one character per byte. */
  readonly headers: HeaderFields;
  /** To be read once. Leaving it early keeps the way back to the client; it throws `IncompleteBody` when cut short. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream that doesn't keep to the `Content-Length` among the headers breaks the connection. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** Never rejects: every failure is a response. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;

export class HttpServer {
  readonly #server: Server;
  /** By connection, what tells the request under way there that no more of it can be read. */
  readonly #underWay = new WeakMap<Duplex, (cause: Error) => void>();
  #isClosing = false;

  constructor(handler: HttpHandler, onFault: (error: unknown) => void) {
    const serve = (message: IncomingMessage, response: ServerResponse, isWaiting: boolean) => {
      // A connection that was busy when the server began to close has become idle now.
      const broken = Promise.withResolvers<never>();
      broken.promise.catch(() => undefined); // Nobody may be reading just then.
      const arrival = { message, response, isWaiting, broken: broken.promise, isBroken: false };
      this.#underWay.set(message.socket, (cause) => {
        arrival.isBroken = true;
        broken.reject(cause);
      });
      response.once('close', () => {
        this.#underWay.delete(message.socket);
        if (this.#isClosing) this.#server.closeIdleConnections();
      });
      answer(handler, arrival).catch((error: unknown) => {
        // The response can't be told anything any more; a client that went away is no fault.
        response.destroy();
        if (!isClientGone(error)) onFault(error);
      });
    };
    this.#server = createServer({
      maxHeaderSize: HTTP_BOUNDS.headerBytes,
      headersTimeout: HTTP_BOUNDS.headersMs,
      requestTimeout: HTTP_BOUNDS.requestMs,
      keepAliveTimeout: HTTP_BOUNDS.keepAliveMs,
    });
    this.#server.on('request', (message, response) => serve(message, response, false));
    this.#server.on('clientError', (error, socket) => this.#refuse(error, socket));
    this.#server.on('checkContinue', (message, response) => serve(message, response, true));
    this.#server.maxHeadersCount = 0;
    this.#server.maxConnections = HTTP_BOUNDS.connections;
    this.#server.timeout = HTTP_BOUNDS.idleMs;
  }

  /** Listens, and returns the port; 0 picks a free one. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** A request under way gets the answer of its handler, which learns that its body ends here. */
  #refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    const end = this.#underWay.get(socket);
    if (end !== undefined) end(error);
    else if (socket.writable) socket.end(UNREADABLE_ANSWERS[error.code ?? ''] ?? UNREADABLE);
    else socket.destroy();
  }

  /** Takes no new connections and resolves when the requests under way are answered; `graceMs` later it cuts them. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const cut = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(cut);
  }
}

/** The answer to what can't be parsed as a request at all: no request, so no document and no id. */
const UNREADABLE = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';
const HEADERS_TOO_LARGE = 'HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n';
const TOO_SLOW = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';
const UNREADABLE_ANSWERS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: HEADERS_TOO_LARGE,
  ERR_HTTP_REQUEST_TIMEOUT: TOO_SLOW,
};

interface Arrival {
  /** Rejects when what comes over the connection is no HTTP any more. */
  readonly broken: Promise<never>;
  readonly isBroken: boolean;
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** The client sent `Expect: 100-continue` and holds its body back until it is asked for. */
  readonly isWaiting: boolean;
}

async function answer(handler: HttpHandler, arrival: Arrival): Promise<void> {
  const { message, response } = arrival;
  let isAskedFor = !arrival.isWaiting;
  const askForBody = () => {
    if (!isAskedFor) response.writeContinue();
    isAskedFor = true;
  };
  const reply = await handler({
    id: newRequestId(),
    method: message.method ?? '',
    target: message.url ?? '',
    headers: headerFields(message),
    body: readBytes(arrival, askForBody),
  });
  const isLong = !message.complete && !arrival.isBroken && !isWorthReading(message);
  // A client that was not asked for its body may send it or not: what comes next on the connection is anyone's guess.
  if (isLong || !isAskedFor || arrival.isBroken) response.setHeader('Connection', 'close');
  await write(reply, response);
  if (isLong && isAskedFor) await linger(message);
  response.end();
  message.resume();
}

async function* readBytes(arrival: Arrival, askForBody: () => void): AsyncGenerator<Uint8Array> {
  askForBody();
  // Destroying the message would take the connection along, and the answer with it.
  const chunks = arrival.message.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), arrival.broken]);
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    throw new DomainError(
      'IncompleteBody',
      'The connection ended before the whole body arrived.',
      {},
      { cause: error },
    );
  } finally {
    // Left in the middle, it lets go of the message. Of a broken one it still awaits what will not come.
    if (!arrival.isBroken) await chunks.return?.();
  }
}

/**
 * Writes all of a response without ending it. Bodies go out as bytes: a text would take the headers along into its
 * encoding, as `flushHeaders` does, and theirs is one byte per character.
 */
async function write({ status, headers, body }: HttpResponse, response: ServerResponse): Promise<void> {
  if (body === undefined) {
    response.writeHead(status, headers);
  } else if (typeof body === 'string' || body instanceof Uint8Array) {
    const bytes = Buffer.from(body);
    response.writeHead(status, { ...headers, 'Content-Length': bytes.length }).write(bytes);
  } else {
    response.writeHead(status, headers);
    await pipeline(inLength(body, headers['Content-Length']), response, { end: false });
  }
}

/** A body of another length than was announced would be read as part of the next answer, or leave the client waiting.
 *  (As a generator it is also taken to its end when the client has left already, where a stream would be left open.) */
async function* inLength(body: AsyncIterable<Uint8Array>, contentLength?: string): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const chunk of body) {
    sent += chunk.length;
    if (contentLength !== undefined && sent > Number(contentLength)) break;
    yield chunk;
  }
  if (contentLength === undefined || sent === Number(contentLength)) return;
  throw new Error(`A response body has ${sent} bytes or more where its Content-Length says ${contentLength}.`);
}

function isWorthReading({ headers }: IncomingMessage): boolean {
  const isOfKnownLength = headers['transfer-encoding'] === undefined;
  return isOfKnownLength && Number(headers['content-length'] ?? 0) <= HTTP_BOUNDS.refusedBodyBytes;
}

/**
 * Reads on until the client has stopped sending. Closing a connection with bytes unread resets it, and the client may
 * lose the answer over that; so the answer is out, and says that the connection ends, but the end waits.
 */
async function linger(message: IncomingMessage): Promise<void> {
  const patience = AbortSignal.timeout(HTTP_BOUNDS.lingerMs);
  message.resume();
  // Whether it stopped by itself or went away, or patience ran out, the connection ends now.
  await finished(message, { writable: false, signal: patience }).catch(() => undefined);
}

function headerFields(message: IncomingMessage): HeaderFields {
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, values] of Object.entries(message.headersDistinct)) {
    if (values !== undefined) fields[name] = values.join(',');
  }
  return fields;
}

function newRequestId(): string {
  const seconds = Math.floor(Date.now() / 1000)
    .toString(16)
    .padStart(8, '0');
  return `${seconds}${randomBytes(8).toString('hex')}`.toUpperCase();
}

const CLIENT_GONE = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED']);

function isClientGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CLIENT_GONE.has(String(error.code));
}
