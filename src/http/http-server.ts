/**
 * Requests and responses on `node:http`. It knows no bucket: it bounds what comes in, hands over a request as bytes
 * and text, and sends what the handler returns.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HeaderFields } from '../core/signed-request.ts';
import { type Arrival, linger, readBytes } from './arrival.ts';
import { newRequestId } from './request-id.ts';
import { writeResponse } from './write-response.ts';

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
      const arrival: Arrival = { message, response, isWaiting };
      this.#underWay.set(message.socket, (cause) => {
        arrival.brokenBy = cause;
        arrival.onBroken?.(cause);
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

async function answer(handler: HttpHandler, arrival: Arrival): Promise<void> {
  const { message, response } = arrival;
  let isAskedFor = !arrival.isWaiting;
  const askForBody = () => {
    if (!isAskedFor) response.writeContinue();
    isAskedFor = true;
  };
  // The client has said all it has to say and waits for the work: a copy of gigabytes may take long without a byte.
  if (!hasBody(message)) message.socket.setTimeout(0);
  const reply = await handler({
    id: newRequestId(Date.now()),
    method: message.method ?? '',
    target: message.url ?? '',
    headers: headerFields(message),
    body: readBytes(arrival, askForBody),
  });
  message.socket.setTimeout(HTTP_BOUNDS.idleMs);
  const isBroken = arrival.brokenBy !== undefined;
  const isLong = !message.complete && !isBroken && !isWorthReading(message);
  // A client that was not asked for its body may send it or not: what comes next on the connection is anyone's guess.
  if (isLong || !isAskedFor || isBroken) response.setHeader('Connection', 'close');
  await writeResponse(reply, response);
  if (isLong && isAskedFor) await linger(arrival, HTTP_BOUNDS.lingerMs);
  response.end();
  message.resume();
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function isWorthReading({ headers }: IncomingMessage): boolean {
  const isOfKnownLength = headers['transfer-encoding'] === undefined;
  return isOfKnownLength && Number(headers['content-length'] ?? 0) <= HTTP_BOUNDS.refusedBodyBytes;
}

function headerFields(message: IncomingMessage): HeaderFields {
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  const { rawHeaders } = message;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    const value = rawHeaders[at + 1] ?? '';
    const before = fields[name];
    fields[name] = before === undefined ? value : `${before},${value}`;
  }
  return fields;
}

const CLIENT_GONE = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED']);

function isClientGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CLIENT_GONE.has(String(error.code));
}
