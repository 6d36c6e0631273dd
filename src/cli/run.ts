import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { isOpen, type RunView } from '../core/run.ts';
import { formatBytes, formatCount, ProgressLine, printFacts, printJson, printTable, say } from './output.ts';
import { type ServerClient, type ServerFlags, withClient } from './server-client.ts';
import { withServerOptions } from './server-options.ts';
import { wholeNumber } from './usage-error.ts';

interface Flags extends ServerFlags {
  readonly json: boolean;
}

const WATCH_MS = 500;

export function addRunCommands(program: Command): void {
  const run = program.command('run').description('start, list, show and watch the runs of a rule').helpCommand(false);
  withServerOptions(run.command('start <bucket> <rule>'))
    .description('start a run now')
    .option('--watch', 'wait for its end', false)
    .addHelpText('after', '\nExample:\n  $ stocktake run start photos nightly --watch')
    .action(start);
  withServerOptions(run.command('list <bucket> <rule>'))
    .description('list the runs of a rule, newest first')
    .option('--limit <n>', 'at most so many', '20')
    .addHelpText('after', '\nExample:\n  $ stocktake run list photos nightly')
    .action(list);
  withServerOptions(run.command('show <bucket> <rule> [run]'))
    .description('show one run; the newest when none is named')
    .addHelpText('after', '\nExample:\n  $ stocktake run show photos nightly')
    .action(show);
  withServerOptions(run.command('watch <bucket> <rule> [run]'))
    .description('wait for the end of a run; exits 1 when it brings no report')
    .addHelpText('after', '\nExample:\n  $ stocktake run watch photos nightly && echo delivered')
    .action(watch);
}

async function start(bucket: string, rule: string, flags: Flags & { readonly watch: boolean }): Promise<void> {
  await withClient(flags, async (client) => {
    const query = { inventory: undefined, inventoryId: rule, run: undefined };
    const run = await client.sendForJson<RunView>({ method: 'POST', bucket, query });
    if (flags.watch) await follow(client, bucket, rule, run, flags);
    else if (flags.json) printJson(run);
    else say(`Run ${run.id} is planned. Wait for its end with: stocktake run watch ${bucket} ${rule}`);
  });
}

async function list(bucket: string, rule: string, flags: Flags & { readonly limit: string }): Promise<void> {
  const limit = wholeNumber(flags.limit, '--limit', { min: 1, max: 1_000_000 });
  const runs = await withClient(flags, (client) => listRuns(client, bucket, rule, limit));
  if (flags.json) {
    printJson({ runs });
  } else if (runs.length === 0) {
    say('The rule has no run yet.');
  } else {
    const head = ['RUN', 'TRIGGER', 'STATE', 'STARTED', 'ROWS', 'BYTES', 'REASON'];
    const rows = runs.map((run) => [
      run.id,
      run.trigger,
      run.state,
      run.startedAt ?? '',
      formatCount(run.matched),
      formatBytes(run.bytesWritten),
      run.reason?.code ?? '',
    ]);
    printTable(head, rows);
  }
}

async function show(bucket: string, rule: string, runId: string | undefined, flags: Flags): Promise<void> {
  const run = await withClient(flags, (client) => findRun(client, bucket, rule, runId));
  if (flags.json) printJson(run);
  else describe(run);
}

async function watch(bucket: string, rule: string, runId: string | undefined, flags: Flags): Promise<void> {
  await withClient(flags, async (client) => {
    await follow(client, bucket, rule, await findRun(client, bucket, rule, runId), flags);
  });
}

/** Watches a run to its end, and makes the command fail when there is no report then. */
async function follow(client: ServerClient, bucket: string, rule: string, first: RunView, flags: Flags): Promise<void> {
  const progress = new ProgressLine({ isJson: flags.json });
  let run = first;
  while (isOpen(run.state)) {
    progress.show(`${run.state}: ${formatCount(run.scanned)} objects scanned, ${formatCount(run.matched)} matched`);
    await delay(WATCH_MS);
    run = await getRun(client, bucket, rule, run.id);
  }
  progress.end();
  if (flags.json) printJson(run);
  else describe(run);
  if (run.state !== 'published' && run.state !== 'empty') process.exitCode = 1;
}

function describe(run: RunView): void {
  say(`Run ${run.id} of rule "${run.rule}" of bucket "${run.bucket}" is ${run.state}.`);
  printFacts([
    ['trigger', run.trigger],
    ['started', run.startedAt],
    ['finished', run.finishedAt],
    ['point in time', run.pointInTime],
    ['scanned', `${formatCount(run.scanned)} objects`],
    ['rows', formatCount(run.matched)],
    ['written', formatBytes(run.bytesWritten)],
    ['manifest', run.manifest === null ? null : `oss://${run.destination}/${run.manifest}`],
    ['reason', run.reason === null ? null : `${run.reason.code}: ${run.reason.text}`],
  ]);
}

export async function findRun(
  client: ServerClient,
  bucket: string,
  rule: string,
  runId: string | undefined,
): Promise<RunView> {
  if (runId !== undefined) return await getRun(client, bucket, rule, runId);
  const [newest] = await listRuns(client, bucket, rule, 1);
  if (newest === undefined) throw new Error(`The rule "${rule}" has no run yet.`);
  return newest;
}

export async function listRuns(client: ServerClient, bucket: string, rule: string, limit: number): Promise<RunView[]> {
  const runs: RunView[] = [];
  let token: string | null = '';
  while (token !== null && runs.length < limit) {
    const page: { runs: RunView[]; nextContinuationToken: string | null } = await client.sendForJson({
      method: 'GET',
      bucket,
      query: {
        inventory: undefined,
        inventoryId: rule,
        runs: undefined,
        'max-keys': String(Math.min(1000, limit - runs.length)),
        ...(token !== '' && { 'continuation-token': token }),
      },
    });
    runs.push(...page.runs);
    token = page.nextContinuationToken;
  }
  return runs;
}

async function getRun(client: ServerClient, bucket: string, rule: string, runId: string): Promise<RunView> {
  return await client.sendForJson<RunView>({
    method: 'GET',
    bucket,
    query: { inventory: undefined, inventoryId: rule, run: runId },
  });
}
