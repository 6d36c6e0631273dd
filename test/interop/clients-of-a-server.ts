/** A server for the tests of one file, and its clients: the unmodified ali-oss SDK, and one that speaks the wire. */

import { afterAll, beforeAll } from 'vitest';
import { type ServerOptions, type ServerProcess, startServer, TEST_KEY } from '../server-process.ts';
import { WireClient } from '../wire-client.ts';
import { type AliOss, aliOss } from './ali-oss-client.ts';

/** The signatures that ali-oss can make, for `describe.each`. */
export const SIGNATURES = [
  { version: 'v1', isV4: false },
  { version: 'v4', isV4: true },
] as const;

export interface ServerClients {
  /** One connection for all tests of the file. */
  readonly wire: Pick<WireClient, 'send'>;
  newAliOss(isV4: boolean): AliOss;
}

/** Starts a server before the first test of the file, and stops it after the last; its clients may be used in hooks and
 *  tests, not before. */
export function clientsOfAServer(options?: ServerOptions): ServerClients {
  let server: ServerProcess;
  let wire: WireClient;

  beforeAll(async () => {
    server = await startServer(options);
    wire = new WireClient({ endpoint: server.endpoint, key: TEST_KEY });
  });

  afterAll(async () => {
    wire.close();
    await server.stop();
  });

  return {
    wire: { send: (request) => wire.send(request) },
    newAliOss: (isV4) => aliOss({ endpoint: server.endpoint, isV4 }),
  };
}
