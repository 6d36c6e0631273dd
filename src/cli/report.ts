import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { checksumKey, manifestFileKeys, reportJsonKey } from '../core/report.ts';
import type { RunView } from '../core/run.ts';
import { formatBytes, formatCount, ProgressLine, printJson, printTable, say } from './output.ts';
import { findRun, listRuns } from './run-queries.ts';
import { collect, hasStatus, type ServerClient, type ServerFlags, withClient } from './server-client.ts';
import { withServerOptions } from './server-options.ts';

interface Flags extends ServerFlags {
  readonly json: boolean;
}

const MAX_RUNS_LISTED = 1000;

export function addReportCommands(program: Command): void {
  const report = program.command('report').description('list and fetch delivered reports').helpCommand(false);
  withServerOptions(report.command('list <bucket> <rule>'))
    .description('list the reports of a rule, newest first')
    .addHelpText('after', '\nExample:\n  $ stocktake report list photos nightly')
    .action(list);
  withServerOptions(report.command('get <bucket> <rule> [run]'))
    .description('fetch the files of a report; of the newest when no run is named')
    .requiredOption('--out <dir>', 'the folder to put them in, under their keys')
    .addHelpText('after', '\nExample:\n  $ stocktake report get photos nightly --out reports')
    .action(get);
}

async function list(bucket: string, rule: string, flags: Flags): Promise<void> {
  const reports = await withClient(flags, (client) => listReports(client, bucket, rule));
  if (flags.json) printJson({ reports });
  else if (reports.length === 0) say('The rule has delivered no report yet.');
  else printTable(['RUN', 'POINT IN TIME', 'ROWS', 'BYTES', 'MANIFEST'], reports.map(toRow));
}

function toRow(run: RunView): string[] {
  const manifest = `oss://${run.destination}/${run.manifest}`;
  return [run.id, run.pointInTime ?? '', formatCount(run.matched), formatBytes(run.bytesWritten), manifest];
}

interface GetFlags extends Flags {
  readonly out: string;
}

async function get(bucket: string, rule: string, runId: string | undefined, flags: GetFlags): Promise<void> {
  const { run, manifest, checksum, report, files } = await withClient(flags, async (client) => {
    const run =
      runId === undefined ? await newestReport(client, bucket, rule) : await findRun(client, bucket, rule, runId);
    return { run, ...(await fetchReport(client, run, flags)) };
  });
  if (flags.json) {
    printJson({ run: run.id, manifest, checksum, report, files, rows: run.matched });
    return;
  }
  const count = `${files.length} file${files.length === 1 ? '' : 's'}`;
  say(`Fetched the report of run ${run.id}: ${formatCount(run.matched)} rows in ${count}.`);
  for (const file of [manifest, checksum, ...(report === null ? [] : [report]), ...files]) say(`  ${file}`);
  say(`Check it with: stocktake verify ${manifest}`);
}

/** Fetches all else before the manifest, so that a manifest that lies there always has its files. */
async function fetchReport(client: ServerClient, run: RunView, flags: GetFlags) {
  if (run.manifest === null) {
    throw new Error(
      `Run ${run.id} has no report: it is ${run.state}${run.reason === null ? '' : ` (${run.reason.text})`}.`,
    );
  }
  if (run.removedAt !== null) {
    throw new Error(`The report of run ${run.id} was removed ${run.removedAt}, as the rule's options ask.`);
  }
  const progress = new ProgressLine({ isJson: flags.json });
  const source = { client, bucket: run.destination, out: path.resolve(flags.out), progress };
  const { body } = await client.send({ method: 'GET', bucket: run.destination, key: run.manifest });
  const files: string[] = [];
  for (const key of manifestFileKeys(await collect(body))) files.push(await fetchFile(source, key));
  const folder = path.posix.dirname(run.manifest);
  const report = await fetchIfThere(source, reportJsonKey(folder));
  const checksum = await fetchFile(source, checksumKey(folder));
  const manifest = await fetchFile(source, run.manifest);
  progress.end();
  return { manifest, checksum, report, files };
}

/** The runs whose reports are there, newest first. */
async function listReports(client: ServerClient, bucket: string, rule: string): Promise<RunView[]> {
  const published = await listRuns(client, { bucket, rule, state: 'published' }, MAX_RUNS_LISTED);
  return published.filter(({ removedAt }) => removedAt === null);
}

async function newestReport(client: ServerClient, bucket: string, rule: string): Promise<RunView> {
  const [run] = await listReports(client, bucket, rule);
  if (run === undefined) throw new Error(`The rule "${rule}" has delivered no report yet.`);
  return run;
}

interface FetchSource {
  readonly client: ServerClient;
  readonly bucket: string;
  readonly out: string;
  readonly progress: ProgressLine;
}

/** As `fetchFile`; null when there is no such object, or it may not be read. */
async function fetchIfThere(source: FetchSource, key: string): Promise<string | null> {
  try {
    return await fetchFile(source, key);
  } catch (error) {
    if (hasStatus(error, 404) || hasStatus(error, 403)) return null;
    throw error;
  }
}

/** Fetches an object to its key below the folder; it has its name only when it is whole. Returns the path. */
async function fetchFile({ client, bucket, out, progress }: FetchSource, key: string): Promise<string> {
  const file = path.join(out, ...key.split('/'));
  if (!file.startsWith(out + path.sep)) throw new Error(`The key "${key}" would lie outside of ${out}.`);
  progress.show(`fetching ${key}`);
  await mkdir(path.dirname(file), { recursive: true });
  const reply = await client.send({ method: 'GET', bucket, key });
  const md5 = createHash('md5');
  reply.body.on('data', (chunk: Buffer) => md5.update(chunk));
  await pipeline(reply.body, createWriteStream(`${file}.part`));
  const etag = String(reply.headers.etag ?? '').replaceAll('"', '');
  if (md5.digest('hex').toUpperCase() !== etag.toUpperCase())
    throw new Error(`"${key}" was damaged on its way. Try again.`);
  await rename(`${file}.part`, file);
  return file;
}
