/** A request as handlers see it: what is known of it from its connection, and then from its headers. */

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Arrival } from './arrival.ts';
import type { HttpBounds } from './bounds.ts';
import { assertServable, readHeaders } from './check-request.ts';
import type { HttpRequest } from './http-server.ts';
import { type AddressList, isFromThisMachine, originalPeer, plainAddress } from './peer-address.ts';
import { newRequestId } from './request-id.ts';

/** What is known of a request before its headers are looked at. */
export function bareRequest(socket: Duplex, method: string, body: HttpRequest['body'] = nothing()): HttpRequest {
  const address = (socket as Socket).remoteAddress ?? '';
  return {
    id: newRequestId(Date.now()),
    method,
    target: '',
    headers: {},
    sourceIp: plainAddress(address),
    isFromThisMachine: false,
    isSecure: 'encrypted' in socket,
    body,
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

export interface ReadOptions {
  readonly bounds: HttpBounds;
  readonly proxies: AddressList;
  readonly isSingleHeader: (name: string) => boolean;
}

/** All of it; throws a `DomainError` for what nobody serves. */
export function readRequest(bare: HttpRequest, arrival: Arrival, options: ReadOptions): HttpRequest {
  const { bounds, proxies, isSingleHeader } = options;
  const headers = readHeaders(arrival.message, bounds, isSingleHeader);
  assertServable(arrival, headers, bounds);
  const { sourceIp, isSecure } = originalPeer(bare, headers, proxies);
  return {
    ...bare,
    target: arrival.message.url ?? '',
    headers,
    sourceIp,
    isFromThisMachine: isFromThisMachine(bare, headers, proxies),
    isSecure,
  };
}
