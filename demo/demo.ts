/**
 * The main job on real input, start to finish: a server on a fresh folder, the files of this project's node_modules
 * as a bucket, a rule put by an unmodified OSS client, and the delivered report held, row by row, against an
 * independent walk of the files. `--json` prints one document, `--out DIR` says where the report's copies go.
 */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { createOssClient, type OssClient } from './oss-client.ts';
import { type FileFacts, walkTree } from './tree.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const COMMAND = path.join(ROOT, 'bin', 'stocktake.js');
const TREE = path.join(ROOT, 'node_modules');
const BUCKET = 'demo-files';
const REPORTS = 'demo-reports';
const RULE = 'demo';
const KEY = { accessKeyId: 'demo-key', accessKeySecret: 'demo-secret' };
const FIELDS = ['Size', 'LastModifiedDate', 'ETag', 'StorageClass', 'IsMultipartUploaded', 'EncryptionStatus'];

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean', default: false }, out: { type: 'string', default: 'demo-out' } },
});
const out = path.resolve(flags.out);

async function main(): Promise<void> {
  assert(existsSync(TREE), 'The demo imports node_modules, and there is none. Run "npm ci" first.');
  const startedAt = performance.now();
  const data = mkdtempSync(path.join(tmpdir(), 'stocktake-demo-'));
  const server = spawn(process.execPath, [COMMAND, 'serve', '--json', '--port', '0', '--data', data], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  server.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  try {
    const endpoint = await listening(server);
    tell(`1. A server on a fresh data folder answers at ${endpoint}.`);

    const client = createOssClient(endpoint, KEY);
    await client.putBucket(BUCKET);
    await client.putBucket(REPORTS);
    tell(`2. ali-oss, unmodified, made the buckets "${BUCKET}" and "${REPORTS}".`);

    tell('3. Importing the files of node_modules (some hundred MB, each one on disk before it counts) ...');
    const imported = await stocktake<{ objects: number; bytes: number }>(endpoint, ['import', BUCKET, TREE]);
    tell(`   ${count(imported.objects)} objects, ${Math.round(imported.bytes / 1e6)} MB.`);

    await client.putBucketInventory(BUCKET, {
      id: RULE,
      isEnabled: true,
      frequency: 'Daily',
      includedObjectVersions: 'Current',
      optionalFields: { field: FIELDS },
      OSSBucketDestination: {
        format: 'CSV',
        accountId: '1000000000000000',
        rolename: 'AliyunOSSRole',
        bucket: REPORTS,
        prefix: 'inventory',
      },
    });
    const run = await stocktake<{ id: string; matched: number; manifest: string }>(endpoint, [
      'run',
      'watch',
      BUCKET,
      RULE,
    ]);
    tell(`4. ali-oss put the rule "${RULE}"; it ran at once: ${count(run.matched)} rows.`);

    const files = await download(client);
    const manifest = fileOf(files, '/manifest.json');
    await stocktake(endpoint, ['verify', manifest]);
    tell('5. Fetched the report with ali-oss; "stocktake verify" finds it whole, in order, nothing twice.');

    const rows = compare(readRows(manifest), await walkTree(TREE));
    tell(`6. Held all ${count(rows)} rows against an independent walk of the files: keys, sizes and MD5s agree.`);

    const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(1));
    const result = {
      endpoint,
      bucket: BUCKET,
      rule: RULE,
      run: run.id,
      manifest,
      checksum: fileOf(files, '/manifest.checksum'),
      files: files.filter((file) => file.endsWith('.csv.gz')),
      rows,
      seconds,
    };
    if (flags.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    tell(`\nDone in ${seconds} s. The report lies here:`);
    for (const file of [result.manifest, result.checksum, ...result.files]) tell(`  ${file}`);
  } catch (error) {
    process.stderr.write(`The server's log:\n${log}\n`);
    throw error;
  } finally {
    await stop(server);
    rmSync(data, { recursive: true, force: true });
  }
}

function environment(): NodeJS.ProcessEnv {
  // Settings of the caller's shell are for the caller's own server.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('STOCKTAKE_'));
  return {
    ...Object.fromEntries(inherited),
    STOCKTAKE_ACCESS_KEY_ID: KEY.accessKeyId,
    STOCKTAKE_ACCESS_KEY_SECRET: KEY.accessKeySecret,
  };
}

async function listening(server: ChildProcess): Promise<string> {
  assert(server.stdout !== null);
  const ended = once(server, 'exit').then(() => undefined);
  const line = await Promise.race([once(createInterface(server.stdout), 'line') as Promise<[string]>, ended]);
  assert(line !== undefined, 'the server ended before it listened');
  return (JSON.parse(line[0]) as { endpoint: string }).endpoint;
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  await ended;
}

/** Runs a command of ours and returns its JSON; its progress shows where a person watches. */
async function stocktake<T>(endpoint: string, args: readonly string[]): Promise<T> {
  const command = spawn(process.execPath, [COMMAND, ...args, '--json', '--endpoint', endpoint], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  command.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  command.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(command, 'close')) as [number];
  assert.equal(code, 0, `stocktake ${args.join(' ')} failed:\n${stderr}${stdout}`);
  return JSON.parse(stdout) as T;
}

/** Fetches every object of the destination to its key below the folder. */
async function download(client: OssClient): Promise<string[]> {
  client.useBucket(REPORTS);
  const { objects = [] } = await client.listV2({ prefix: 'inventory/', 'max-keys': '1000' });
  rmSync(path.join(out, 'inventory'), { recursive: true, force: true });
  const files: string[] = [];
  for (const { name } of objects) {
    const file = path.join(out, ...name.split('/'));
    mkdirSync(path.dirname(file), { recursive: true });
    await client.get(name, file);
    files.push(file);
  }
  return files;
}

function fileOf(files: readonly string[], ending: string): string {
  const found = files.filter((file) => file.endsWith(ending));
  assert.equal(found.length, 1, `the report has ${found.length} files "${ending}"`);
  return found[0] as string;
}

/** The rows of a report by key, read with nothing but gunzip and split. */
function readRows(manifestFile: string): Map<string, Record<string, string>> {
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as { fileSchema: string; files: { key: string }[] };
  const columns = manifest.fileSchema.split(', ');
  const rows = new Map<string, Record<string, string>>();
  for (const { key } of manifest.files) {
    const lines = gunzipSync(readFileSync(path.join(out, ...key.split('/'))))
      .toString()
      .split('\n')
      .slice(0, -1);
    for (const line of lines) {
      const values = line.split(',').map((value) => value.replaceAll('"', ''));
      const row = Object.fromEntries(columns.map((column, index) => [column, values[index] ?? '']));
      rows.set(decodeURIComponent(row.Key ?? ''), row);
    }
  }
  return rows;
}

/** Fails on the first difference between the report and the files; returns the number of rows. */
function compare(rows: ReadonlyMap<string, Record<string, string>>, files: ReadonlyMap<string, FileFacts>): number {
  for (const [key, { sizeBytes, md5 }] of files) {
    const row = rows.get(key);
    assert(row !== undefined, `the report has no row for "${key}"`);
    assert.equal(row.Bucket, BUCKET);
    assert.equal(row.Size, String(sizeBytes), `the size of "${key}"`);
    assert.equal(row.ETag, md5, `the MD5 of "${key}"`);
  }
  for (const key of rows.keys()) assert(files.has(key), `the report has a row for "${key}", and there is no such file`);
  return rows.size;
}

function tell(text: string): void {
  if (!flags.json) process.stdout.write(`${text}\n`);
}

const count = (n: number): string => n.toLocaleString('en-US');

await main();
