/** A response as bytes, for a connection on which `node:http` has none to write it to. It ends the connection. */

import { STATUS_CODES } from 'node:http';
import type { TextResponse } from './http-server.ts';

export function rawReply({ status, headers, body }: TextResponse): Buffer {
  const bytes = Buffer.from(body ?? '');
  const fields = {
    ...headers,
    'Content-Length': String(bytes.length),
    Date: new Date().toUTCString(),
    Connection: 'close',
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}
