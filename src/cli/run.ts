import { type Command, Option } from 'commander';
import { isOpen, RUN_STATES, type RunView } from '../core/run.ts';
import { printJson, say } from './output.ts';
import { ruleRequest } from './rule-request.ts';
import { list } from './run-list.ts';
import { findCurrentRun, findRun } from './run-queries.ts';
import { describeRun } from './run-text.ts';
import { followRun, type WatchFlags } from './run-watch.ts';
import { type ServerFlags, withClient } from './server-client.ts';
import { withServerOptions } from './server-options.ts';

interface Flags extends ServerFlags {
  readonly json: boolean;
}

export function addRunCommands(program: Command): void {
  const run = program
    .command('run')
    .description('start, list, show, watch and cancel the runs of rules')
    .helpCommand(false);
  withServerOptions(run.command('start <bucket> <rule>'))
    .description('start a run now')
    .option('--watch', 'wait for its end', false)
    .addHelpText('after', '\nExample:\n  $ stocktake run start photos nightly --watch')
    .action(start);
  withServerOptions(run.command('list [bucket] [rule]'))
    .description('list runs, newest first: of a rule, of a bucket, or of all rules')
    .option('--limit <n>', 'at most so many', '20')
    .addOption(new Option('--state <state>', 'only those in this state').choices(RUN_STATES))
    .addHelpText(
      'after',
      '\nExamples:\n  $ stocktake run list photos nightly\n  $ stocktake run list --state failed    # of all rules of all buckets',
    )
    .action(list);
  withServerOptions(run.command('show <bucket> <rule> [run]'))
    .description('show one run; the newest when none is named')
    .addHelpText('after', '\nExample:\n  $ stocktake run show photos nightly')
    .action(show);
  withServerOptions(run.command('watch <bucket> <rule> [run]'))
    .description('watch a run to its end; exits 1 when it fails or is cancelled')
    .option('--events', 'each change as one line of JSON, instead of the end alone', false)
    .addHelpText(
      'after',
      `
Without a run it is the one under way, or else the newest.

Examples:
  $ stocktake run watch photos nightly && echo delivered
  $ stocktake run watch photos nightly --events | jq .scanned`,
    )
    .action(watch);
  withServerOptions(run.command('cancel <bucket> <rule> [run]'))
    .description('cancel a run, the one under way when none is named; too late once it is publishing')
    .addHelpText('after', '\nExample:\n  $ stocktake run cancel photos nightly')
    .action(cancel);
}

async function start(bucket: string, rule: string, flags: Flags & { readonly watch: boolean }): Promise<void> {
  await withClient(flags, async (client) => {
    const run = await client.sendForJson<RunView>(ruleRequest('POST', { bucket, rule }, { run: undefined }));
    if (flags.watch) await followRun(client, run, { json: flags.json, events: false });
    else if (flags.json) printJson(run);
    else say(`Run ${run.id} is planned. Wait for its end with: stocktake run watch ${bucket} ${rule}`);
  });
}

async function show(bucket: string, rule: string, runId: string | undefined, flags: Flags): Promise<void> {
  const run = await withClient(flags, (client) => findRun(client, bucket, rule, runId));
  if (flags.json) printJson(run);
  else describeRun(run);
}

async function watch(
  bucket: string,
  rule: string,
  runId: string | undefined,
  flags: Flags & WatchFlags,
): Promise<void> {
  await withClient(flags, async (client) => {
    await followRun(client, await findCurrentRun(client, bucket, rule, runId), flags);
  });
}

async function cancel(bucket: string, rule: string, runId: string | undefined, flags: Flags): Promise<void> {
  const run = await withClient(flags, async (client) => {
    const { id, state } = await findCurrentRun(client, bucket, rule, runId);
    if (runId === undefined && !isOpen(state)) {
      throw new Error(`No run of the rule "${rule}" is under way; the newest, ${id}, is ${state}.`);
    }
    const keys = { run: id, cancel: undefined };
    return await client.sendForJson<RunView>(ruleRequest('POST', { bucket, rule }, keys));
  });
  if (flags.json) printJson(run);
  else say(`Run ${run.id} is cancelled. What it wrote is removed.`);
}
