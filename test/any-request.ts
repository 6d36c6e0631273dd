import type { HttpRequest } from '../src/http/http-server.ts';

/** A request with nothing special about it, with what a test is about put over it. */
export function anyRequest(change: Partial<HttpRequest> = {}): HttpRequest {
  return {
    id: '6B030D4095C769C92A403DD2',
    method: 'GET',
    target: '/',
    headers: {},
    sourceIp: '127.0.0.1',
    isFromThisMachine: true,
    isSecure: false,
    body: bytesOf(''),
    ...change,
  };
}

export async function* bytesOf(body: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield Buffer.from(body);
}
