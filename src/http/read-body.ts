/** Reads a small body whole, up to a bound. */

import type { HttpRequest } from './http-server.ts';

/** The body, or undefined when it is longer than `maxBytes`: then no more of it is read than shows that. */
export async function readBody(request: HttpRequest, maxBytes: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
