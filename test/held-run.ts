/** A real server with a run that is not over: the disk takes no data file until a test lets it. */

import { onTestFinished } from 'vitest';
import { ruleRequest } from '../src/cli/rule-request.ts';
import type { ServerClient } from '../src/cli/server-client.ts';
import type { RunView } from '../src/core/run.ts';
import { type FailingServer, startFailingServer } from './crash/failing-server.ts';
import { ruleDocument } from './crash/load-control.ts';
import { serverClient } from './server-client.ts';
import { temporaryFolder } from './store-fixture.ts';

export const RULE = { bucket: 'photos', rule: 'rule-0' };

export interface HeldRun {
  readonly server: FailingServer;
  readonly client: ServerClient;
  readonly run: RunView;
  /** Lets the run go on at its next try. */
  release(): Promise<void>;
}

/** A client that is closed when the test is over. */
export function clientOf(server: { readonly endpoint: string }): ServerClient {
  const client = serverClient(server);
  onTestFinished(() => client.close());
  return client;
}

export async function holdRun(args: readonly string[] = []): Promise<HeldRun> {
  const server = await startFailingServer({ data: temporaryFolder(), args });
  onTestFinished(() => server.stop());
  const client = clientOf(server);
  for (const bucket of ['photos', 'reports']) await client.sendForNothing({ method: 'PUT', bucket });
  await client.sendForNothing({ method: 'PUT', bucket: 'photos', key: 'a', body: 'a photo' });
  await server.order({ act: 'ENOSPC', point: 'report.put-data', nth: 1, isLasting: true });
  await client.sendForNothing({ ...ruleRequest('PUT', RULE, {}), body: ruleDocument(RULE.rule, '1') });
  const { runs } = await client.sendForJson<{ runs: RunView[] }>(ruleRequest('GET', RULE, { runs: undefined }));
  const [run] = runs;
  if (run === undefined) throw new Error('the rule has no run');
  return { server, client, run, release: () => server.order({ act: 'none' }) };
}
