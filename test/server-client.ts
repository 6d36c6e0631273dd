import { ServerClient } from '../src/cli/server-client.ts';
import { TEST_KEY } from './server-process.ts';

/** A client as the commands have it, with the root key of the servers that tests start. Close it. */
export function serverClient({ endpoint }: { readonly endpoint: string }): ServerClient {
  const settings = { ...TEST_KEY, region: 'cn-hangzhou', accountId: '1000000000000000', data: '' };
  return new ServerClient({ endpoint, ...settings });
}
