/** Asks a server for runs. */

import { isOpen, type RunState, type RunView } from '../core/run.ts';
import { type RuleName, ruleRequest } from './rule-request.ts';
import type { ServerClient } from './server-client.ts';

const MAX_PAGE = 1000;
/** Among so many of a rule's newest runs its open one is looked for: those that were missed may have come after it. */
const LOOKED_AT = 200;

export async function getRun(client: ServerClient, bucket: string, rule: string, runId: string): Promise<RunView> {
  return await client.sendForJson<RunView>(ruleRequest('GET', { bucket, rule }, { run: runId }));
}

/** The run of this id, or the newest. */
export async function findRun(
  client: ServerClient,
  bucket: string,
  rule: string,
  runId: string | undefined,
): Promise<RunView> {
  if (runId !== undefined) return await getRun(client, bucket, rule, runId);
  const [newest] = await listRuns(client, { bucket, rule }, 1);
  if (newest === undefined) throw noRunYet(rule);
  return newest;
}

/** The run of this id, or the one under way, or the newest. */
export async function findCurrentRun(
  client: ServerClient,
  bucket: string,
  rule: string,
  runId: string | undefined,
): Promise<RunView> {
  if (runId !== undefined) return await getRun(client, bucket, rule, runId);
  const runs = await listRuns(client, { bucket, rule }, LOOKED_AT);
  const run = runs.find(({ state }) => isOpen(state)) ?? runs[0];
  if (run === undefined) throw noRunYet(rule);
  return run;
}

/** Those of a rule, newest first; of one state, which is asked of each here, because the server has no parameter for it. */
export async function listRuns(
  client: ServerClient,
  { state, ...name }: RuleName & { readonly state?: RunState | undefined },
  limit: number,
): Promise<RunView[]> {
  return await gather(limit, async (left, token) => {
    const count = state === undefined ? left : String(MAX_PAGE);
    const keys = { runs: undefined, 'max-keys': count, ...(token !== undefined && { 'continuation-token': token }) };
    const page = await client.sendForJson<{ runs: RunView[]; nextContinuationToken: string | null }>(
      ruleRequest('GET', name, keys),
    );
    const runs = page.runs.filter((run) => state === undefined || run.state === state);
    return { runs, next: page.nextContinuationToken };
  });
}

/** Those of all rules of the account's buckets, newest first. */
export async function listAllRuns(
  client: ServerClient,
  { bucket, state }: { readonly bucket?: string | undefined; readonly state?: RunState | undefined },
  limit: number,
): Promise<RunView[]> {
  return await gather(limit, async (count, after) => {
    const query = {
      limit: count,
      ...(bucket !== undefined && { bucket }),
      ...(state !== undefined && { state }),
      ...(after !== undefined && { after }),
    };
    const page = await client.sendForAdmin<{ runs: RunView[]; nextAfter: string | null }>({ path: 'runs', query });
    return { runs: page.runs, next: page.nextAfter };
  });
}

/** Page by page, up to `limit`. */
async function gather(
  limit: number,
  readPage: (count: string, token?: string) => Promise<{ readonly runs: RunView[]; readonly next: string | null }>,
): Promise<RunView[]> {
  const runs: RunView[] = [];
  let token: string | null | undefined;
  while (token !== null && runs.length < limit) {
    const page = await readPage(String(Math.min(MAX_PAGE, limit - runs.length)), token);
    runs.push(...page.runs.slice(0, limit - runs.length));
    token = page.next;
  }
  return runs;
}

function noRunYet(rule: string): Error {
  return new Error(`The rule "${rule}" has no run yet.`);
}
