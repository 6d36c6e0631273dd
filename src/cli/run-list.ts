/** `run list`: the runs of a rule, or of all rules. */

import type { RunState, RunView } from '../core/run.ts';
import { formatBytes, formatCount, printJson, printTable, say } from './output.ts';
import { listAllRuns, listRuns } from './run-queries.ts';
import { type ServerClient, type ServerFlags, withClient } from './server-client.ts';
import { wholeNumber } from './usage-error.ts';

interface ListFlags extends ServerFlags {
  readonly json: boolean;
  readonly limit: string;
  readonly state?: RunState;
}

export async function list(bucket: string | undefined, rule: string | undefined, flags: ListFlags): Promise<void> {
  const limit = wholeNumber(flags.limit, '--limit', { min: 1, max: 1_000_000 });
  const runs = await withClient(flags, (client) => read(client, { bucket, rule, state: flags.state }, limit));
  if (flags.json) printJson({ runs });
  else if (runs.length === 0) say(noRunText({ bucket, rule, state: flags.state }));
  else if (rule !== undefined) printTable(HEAD, runs.map(toRow));
  else
    printTable(
      ['BUCKET', 'RULE', ...HEAD],
      runs.map((run) => [run.bucket, run.rule, ...toRow(run)]),
    );
}

interface Wanted {
  readonly bucket: string | undefined;
  readonly rule: string | undefined;
  readonly state: RunState | undefined;
}

async function read(client: ServerClient, { bucket, rule, state }: Wanted, limit: number): Promise<RunView[]> {
  if (bucket === undefined || rule === undefined) return await listAllRuns(client, { bucket, state }, limit);
  return await listRuns(client, { bucket, rule, state }, limit);
}

function noRunText({ bucket, rule, state }: Wanted): string {
  const runs = state === undefined ? 'no run yet' : `no run that is ${state}`;
  if (rule !== undefined) return `The rule "${rule}" has ${runs}.`;
  return bucket === undefined ? `The account has ${runs}.` : `The bucket "${bucket}" has ${runs}.`;
}

const HEAD = ['RUN', 'TRIGGER', 'STATE', 'STARTED', 'ROWS', 'BYTES', 'REASON'];

function toRow(run: RunView): string[] {
  return [
    run.id,
    run.trigger,
    run.state,
    run.startedAt ?? '',
    formatCount(run.matched),
    formatBytes(run.bytesWritten),
    run.reason?.code ?? '',
  ];
}
