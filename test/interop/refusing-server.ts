/**
 * A server process with two empty buckets, for tests of what it refuses: after each refusal nothing may be stored, and
 * the next good request is served, over the same connection (where the server kept it) and over a new one.
 */

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { type ServerProcess, startServer, TEST_KEY } from '../server-process.ts';
import { sendBytes, WireClient, type WireReply, type WireRequest } from '../wire-client.ts';

export const ACCOUNT = '1000000000000000';
export const BUCKET = 'media';
export const REPORTS = 'reports';

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly ec?: string;
}

export interface RefusingServer {
  readonly process: ServerProcess;
  readonly client: WireClient;
  /** Sends a request that must be refused so, and sees to it that it changed nothing. */
  expectRefusal(request: WireRequest, refusal: Refusal): Promise<WireReply>;
  /** The same for bytes that no HTTP client would send; returns what came back. */
  expectRefusedBytes(bytes: Uint8Array | string, answer: RegExp): Promise<string>;
  expectUntouched(): Promise<void>;
  /** Names of bodies that are on their way in. */
  staged(): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startRefusingServer(): Promise<RefusingServer> {
  const server = await startServer();
  const newClient = () => new WireClient({ endpoint: server.endpoint, key: TEST_KEY });
  const client = newClient();
  for (const bucket of [BUCKET, REPORTS]) await client.send({ method: 'PUT', bucket });
  const staging = path.join(server.data, 'store', 'staging');

  const expectUntouched = async () => {
    const fresh = newClient();
    for (const each of [client, fresh]) {
      const objects = await each.send({ bucket: BUCKET });
      expect(objects.status, objects.text).toBe(200);
      expect(objects.text).not.toContain('<Contents>');
      const rules = await each.send({ bucket: BUCKET, query: 'inventory' });
      expect(rules.error?.code).toBe('NoSuchInventory');
    }
    fresh.close();
    expect(await readdir(staging)).toEqual([]);
  };
  return {
    process: server,
    client,
    expectUntouched,
    async expectRefusal(request, { status, code, ec }) {
      const reply = await client.send(request);
      const got = { status: reply.status, code: reply.error?.code, ec: reply.headers['x-oss-ec'] };
      expect(got, reply.text).toEqual({ status, code, ec });
      expect(reply.error).toMatchObject({ requestId: reply.headers['x-oss-request-id'], ec });
      await expectUntouched();
      return reply;
    },
    async expectRefusedBytes(bytes, answer) {
      const got = await sendBytes(server.port, bytes, (received) => /<\/Error>\s*$/.test(received));
      expect(got).toMatch(answer);
      await expectUntouched();
      return got;
    },
    staged: () => readdir(staging),
    async stop() {
      client.close();
      // What a client did wrong is no fault of ours, and is not logged as one.
      expect(server.log()).not.toMatch(/request failed|response failed/);
      await server.stop();
    },
  };
}
