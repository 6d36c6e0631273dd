/**
 * Requests and responses on `node:http`. It knows no bucket: it bounds what comes in, hands over a request as bytes
 * and text, and sends what the handler returns.
 */

import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { DomainError } from '../core/errors.ts';
import type { HeaderFields } from '../core/signed-request.ts';
import { type Arrival, linger, readBytes } from './arrival.ts';
import { HTTP_BOUNDS, type HttpBounds } from './bounds.ts';
import { unreadable } from './check-request.ts';
import { Connection } from './connection.ts';
import { Patience } from './pace.ts';
import { AddressList } from './peer-address.ts';
import { PeerCounts } from './peer-counts.ts';
import { rawReply } from './raw-reply.ts';
import { bareRequest, type ReadOptions, readRequest } from './read-request.ts';
import { writeResponse } from './write-response.ts';

export interface HttpRequest {
  /** 24 upper-case hex digits, the first eight being Unix seconds (protocol sheet, section 3.2). */
  readonly id: string;
  readonly method: string;
  /** As it came: path and query, undecoded. */
  readonly target: string;
  /** By lower-case name, repeated ones joined by a bare comma, one character per byte. */
  readonly headers: HeaderFields;
  /** The address of the peer, IPv4 in its own form also on a socket of IPv6. */
  readonly sourceIp: string;
  /** No other machine had a part in it: neither as its peer nor, as far as anybody says, behind that. */
  readonly isFromThisMachine: boolean;
  /** It came over TLS. */
  readonly isSecure: boolean;
  /** To be read once. Leaving it early keeps the way back to the client; it throws `IncompleteBody` when cut short. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream that doesn't keep to the `Content-Length` among the headers breaks the connection. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** A response that is at hand whole. */
export type TextResponse = HttpResponse & { readonly body?: string };

/** Never rejects: every failure is a response. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;

/** A certificate with those that vouch for it, and its private key, both as PEM. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

export interface HttpServerOptions {
  /** The response to what the door refuses itself; nothing of the request but its id may be known. */
  readonly refuse?: (error: DomainError, request: HttpRequest) => TextResponse;
  /** Headers that may not be repeated, besides those of HTTP itself. */
  readonly isSingleHeader?: (name: string) => boolean;
  /** Proxies whose word on the peer counts: addresses, and ranges of them. */
  readonly trustedProxies?: readonly string[];
  /** Served with TLS, and with nothing else. */
  readonly tls?: TlsIdentity | undefined;
  /** Told when connections are turned away: how many since it was told last. */
  readonly onTurnedAway?: (count: number) => void;
  readonly bounds?: Partial<HttpBounds>;
}

/** What keeps clients of ten years ago out keeps out those that would give the data away. */
const LEAST_TLS = { minVersion: 'TLSv1.2' } as const;

export class HttpServer {
  readonly #server: Server;
  readonly #handler: HttpHandler;
  readonly #onFault: (error: unknown) => void;
  readonly #bounds: HttpBounds;
  readonly #refuse: NonNullable<HttpServerOptions['refuse']>;
  readonly #reading: ReadOptions;
  readonly #connections = new WeakMap<Duplex, Connection>();
  /** All that are open: `node:http` knows those alone over which a request could come. */
  readonly #sockets = new Set<Socket>();
  #isClosing = false;

  constructor(handler: HttpHandler, onFault: (error: unknown) => void, options: HttpServerOptions = {}) {
    this.#handler = handler;
    this.#onFault = onFault;
    this.#bounds = { ...HTTP_BOUNDS, ...options.bounds };
    this.#refuse = options.refuse ?? plainRefusal;
    const proxies = new AddressList(options.trustedProxies ?? []);
    this.#reading = { bounds: this.#bounds, proxies, isSingleHeader: options.isSingleHeader ?? (() => false) };
    this.#server = newServer(this.#bounds, options.tls);
    this.#server.on('request', (message, response) => this.#take({ message, response, isWaiting: false }));
    this.#server.on('checkContinue', (message, response) => this.#take({ message, response, isWaiting: true }));
    this.#server.on('checkExpectation', (message, response) =>
      this.#take({ message, response, isWaiting: true, expects: message.headers.expect }),
    );
    this.#server.on('connect', (_message, socket) => this.#refuseTunnel(socket));
    this.#server.on('clientError', (error, socket) => this.#refuseNoise(error, socket));
    const counts = new PeerCounts(this.#bounds, proxies, options.onTurnedAway ?? (() => undefined));
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      counts.admit(socket);
    });
    // Without a handshake nothing that is written ever goes out, so no answer would end the connection.
    this.#server.on('tlsClientError', (_error: Error, socket: Duplex) => socket.destroy());
    this.#server.on('drop', () => counts.turnedAway());
  }

  /** Listens, and returns where: port 0 picks a free one, and a name has an address. */
  async listen(host: string, port: number): Promise<AddressInfo> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    return this.#server.address() as AddressInfo;
  }

  /** Shows another certificate from the next connection on; throws when it is none, and goes on with the one before. */
  setTls(tls: TlsIdentity): void {
    (this.#server as TlsServer).setSecureContext({ ...LEAST_TLS, ...tls });
  }

  /** Takes no new connections and resolves when the requests under way are answered; `graceMs` later it cuts them. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, graceMs);
    await closed;
    clearTimeout(cut);
  }

  #take(arrival: Arrival): void {
    const { message, response } = arrival;
    // A connection that was busy when the server began to close has become idle now.
    response.once('close', () => {
      if (this.#isClosing) this.#server.closeIdleConnections();
    });
    const connection = this.#connections.get(message.socket) ?? new Connection(this.#bounds);
    this.#connections.set(message.socket, connection);
    const isTaken = connection.take(arrival, () =>
      this.#answer(arrival, connection).catch((error: unknown) => {
        // The response can't be told anything any more; a client that went away is no fault.
        response.destroy();
        if (!isClientGone(error)) this.#onFault(error);
      }),
    );
    if (!isTaken) message.socket.destroy();
  }

  async #answer(arrival: Arrival, connection: Connection): Promise<void> {
    const { message, response } = arrival;
    const bounds = this.#bounds;
    let isAskedFor = !arrival.isWaiting;
    const askForBody = () => {
      if (!isAskedFor) response.writeContinue();
      isAskedFor = true;
    };
    // The client has said all it has to say and waits for the work: a copy of gigabytes may take long without a byte.
    if (!hasBody(message)) message.socket.setTimeout(0);
    const reply = await this.#reply(arrival, connection, readBytes(arrival, bounds, askForBody));
    message.socket.setTimeout(bounds.idleMs);
    // node:http reads no further behind one that asks for another protocol, as Java's client does at first.
    const isLast = message.headers.upgrade !== undefined;
    const isBroken = arrival.brokenBy !== undefined;
    const isLong = !message.complete && !isBroken && !isWorthReading(message, bounds);
    // A client that was not asked for its body may send it or not: what comes next on the connection is anyone's guess.
    if (isLong || !isAskedFor || isBroken || isLast) connection.isEnding = true;
    if (connection.isEnding) response.setHeader('Connection', 'close');
    const patience = new Patience(bounds, () => response.destroy());
    await writeResponse(reply, response, patience);
    if (isLong && isAskedFor) await linger(arrival, bounds.lingerMs);
    response.end();
    if (response.writableLength > 0) response.once('close', patience.begin(response.writableLength));
    if (message.complete || message.destroyed) return;
    // A server that is closed must not wait for it.
    const cut = setTimeout(() => message.socket.destroy(), bounds.refusedBodyMs).unref();
    message.once('close', () => clearTimeout(cut)).resume();
  }

  async #reply(arrival: Arrival, connection: Connection, body: HttpRequest['body']): Promise<HttpResponse> {
    const { message } = arrival;
    const bare = bareRequest(message.socket, message.method ?? '', body);
    let request: HttpRequest;
    try {
      request = readRequest(bare, arrival, this.#reading);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      // Two may have read this request in two ways, and disagree about where the next begins.
      connection.isEnding = true;
      return this.#refuse(error, bare);
    }
    return await this.#handler(request);
  }

  /** A request under way gets the answer of its handler, which learns that its body ends here. */
  #refuseNoise(error: Error, socket: Duplex): void {
    if (this.#connections.get(socket)?.breakOff(error)) return;
    this.#endWith(unreadable(error), socket, '');
  }

  #refuseTunnel(socket: Duplex): void {
    const error = new DomainError('MethodNotAllowed', 'CONNECT is not allowed here: this server is no proxy.');
    // node:http has let go of the connection: nobody else hears of its errors any more.
    socket.on('error', () => undefined);
    if (this.#connections.get(socket)?.breakOff(error)) return;
    this.#endWith(error, socket, 'CONNECT');
  }

  #endWith(error: DomainError, socket: Duplex, method: string): void {
    if (!socket.writable) socket.destroy();
    else socket.end(rawReply(this.#refuse(error, bareRequest(socket, method))), () => socket.destroy());
  }
}

function newServer(bounds: HttpBounds, tls: TlsIdentity | undefined): Server {
  const options: ServerOptions = {
    maxHeaderSize: bounds.headerBytes,
    headersTimeout: bounds.headersMs,
    requestTimeout: bounds.requestMs,
    connectionsCheckingInterval: bounds.checkMs,
    keepAliveTimeout: bounds.keepAliveMs,
    // Whatever the flags of the process say.
    insecureHTTPParser: false,
    // It would answer without a document.
    requireHostHeader: false,
  };
  const server =
    tls === undefined
      ? createServer(options)
      : createTlsServer({ ...options, ...LEAST_TLS, ...tls, handshakeTimeout: bounds.handshakeMs });
  server.maxHeadersCount = 0;
  server.maxConnections = bounds.connections;
  server.timeout = bounds.idleMs;
  return server;
}

function plainRefusal({ message }: DomainError): TextResponse {
  return { status: 400, headers: { 'Content-Type': 'text/plain' }, body: `${message}\n` };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function isWorthReading({ headers }: IncomingMessage, { refusedBodyBytes }: HttpBounds): boolean {
  const isOfKnownLength = headers['transfer-encoding'] === undefined;
  return isOfKnownLength && Number(headers['content-length'] ?? 0) <= refusedBodyBytes;
}

const CLIENT_GONE = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED']);

function isClientGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CLIENT_GONE.has(String(error.code));
}
