/** Who is told of the ends of runs. It refuses some deliveries at first, as receivers do. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Receiver {
  readonly url: string;
  /** The ids of runs whose end was taken, by the id of the delivery. */
  readonly taken: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

export async function openReceiver(refuses: () => boolean): Promise<Receiver> {
  const taken = new Map<string, string>();
  const refused = new Set<string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    // A server that is killed leaves half a body.
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const id = String(request.headers['webhook-id']);
    const isRefused = !refused.has(id) && refuses();
    if (isRefused) refused.add(id);
    else taken.set(id, runIdOf(Buffer.concat(chunks)));
    response.writeHead(isRefused ? 503 : 204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/ends`,
    taken,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Empty for a trial, which tells of no run. */
function runIdOf(body: Buffer): string {
  const { data } = JSON.parse(body.toString()) as { data: { run?: { id: string } } };
  return data.run?.id ?? '';
}
