/** The bounds of the door: what one request, one connection and one peer may take at most. */

export interface HttpBounds {
  /** Of the request line and all headers together. */
  readonly headerBytes: number;
  /** Our own, since `node:http` would drop what lies above its bound in silence, and the header that is dropped may be
   *  the one that was to forbid something. */
  readonly headers: number;
  readonly targetCharacters: number;
  readonly connections: number;
  /** Of one address; trusted proxies, which speak for many, are free of it. */
  readonly connectionsOfPeer: number;
  /** Sent ahead of their answers over one connection; their headers together may be `headerBytes` long. */
  readonly requestsAhead: number;
  /** For a TLS handshake. */
  readonly handshakeMs: number;
  /** For the headers of a request to arrive, from the end of the one before or the opening of the connection. */
  readonly headersMs: number;
  /** For a whole request to arrive: 5 GiB at 1.2 MB/s. */
  readonly requestMs: number;
  /** How often the two above are looked at. */
  readonly checkMs: number;
  /** Without a byte either way. */
  readonly idleMs: number;
  readonly keepAliveMs: number;
  /** So much of a body has to come in each `paceMs` that somebody waits for it, and so much of an answer has to be taken. */
  readonly paceBytes: number;
  readonly paceMs: number;
  /** What a client may fall behind in taking an answer: the kernel tells of its progress in steps of a megabyte. */
  readonly answerPatienceMs: number;
  /** The longest body that is read for nothing, so that the connection can go on after its refusal; and for how long. */
  readonly refusedBodyBytes: number;
  readonly refusedBodyMs: number;
  /** For a client to see that its connection ends, and to stop sending. */
  readonly lingerMs: number;
}

export const HTTP_BOUNDS: HttpBounds = {
  headerBytes: 64 * 1024,
  headers: 4096,
  targetCharacters: 16 * 1024,
  connections: 4096,
  connectionsOfPeer: 1024,
  requestsAhead: 16,
  handshakeMs: 10_000,
  headersMs: 60_000,
  requestMs: 75 * 60_000,
  checkMs: 5_000,
  idleMs: 120_000,
  keepAliveMs: 65_000,
  paceBytes: 64 * 1024,
  paceMs: 60_000,
  answerPatienceMs: 15 * 60_000,
  refusedBodyBytes: 8 * 1024 * 1024,
  refusedBodyMs: 60_000,
  lingerMs: 10_000,
};
