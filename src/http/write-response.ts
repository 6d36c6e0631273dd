/** The way out of a response: its head and all of its body, whatever form that has. */

import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { HttpResponse } from './http-server.ts';
import type { Patience } from './pace.ts';

/**
 * Writes all of a response without ending it. Bodies go out as bytes: a text would take the headers along into its
 * encoding, as `flushHeaders` does, and theirs is one byte per character.
 */
export async function writeResponse(
  { status, headers, body }: HttpResponse,
  response: ServerResponse,
  patience: Patience,
): Promise<void> {
  if (body === undefined) {
    response.writeHead(status, headers);
  } else if (typeof body === 'string' || body instanceof Uint8Array) {
    const bytes = Buffer.from(body);
    response.writeHead(status, { ...headers, 'Content-Length': bytes.length });
    // Ended with more on its way than that, it would count as idle, and be cut when the server closes.
    if (bytes.length > response.writableHighWaterMark) await send(alone(bytes), response, patience);
    else response.write(bytes);
  } else {
    const bytes = body[Symbol.asyncIterator]();
    let left: Promise<unknown> | undefined;
    const leave = () => {
      left ??= Promise.resolve(bytes.return?.());
      return left;
    };
    // A body that waits for something to happen would else hear only then that nobody listens any more.
    const onClose = () => void leave().catch(() => undefined);
    response.once('close', onClose);
    if (response.destroyed) onClose();
    try {
      response.writeHead(status, headers);
      const chunks = inLength({ [Symbol.asyncIterator]: () => bytes }, headers['Content-Length']);
      await send(chunks, response, patience);
    } finally {
      response.off('close', onClose);
      // Also when not a byte of it was read: it may hold files from the moment it was opened.
      await leave();
    }
  }
}

/** A body of another length than was announced would be read as part of the next answer, or leave the client waiting. */
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

async function send(chunks: AsyncIterable<Uint8Array>, response: ServerResponse, patience: Patience): Promise<void> {
  await pipeline(atPace(chunks, patience), response, { end: false });
}

async function* alone(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* atPace(chunks: AsyncIterable<Uint8Array>, patience: Patience): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    const taken = patience.begin(chunk.length);
    try {
      yield chunk;
    } finally {
      taken();
    }
  }
}
