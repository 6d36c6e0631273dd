import { createReadStream, type Stats } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { objectKeyBytes } from '../core/object-key.ts';
import { formatBytes, formatCount, formatCounted, note, ProgressLine, printJson, say } from './output.ts';
import { type ServerClient, type ServerFlags, withClient } from './server-client.ts';
import { withServerOptions } from './server-options.ts';
import { wholeNumber } from './usage-error.ts';

interface Flags extends ServerFlags {
  readonly json: boolean;
  readonly prefix: string;
  readonly concurrency: string;
}

/** A regular file below the folder, and the key it gets. */
interface SourceFile {
  readonly file: string;
  readonly key: string;
}

interface Tally {
  objects: number;
  bytes: number;
  readonly skipped: { readonly file: string; readonly why: string }[];
}

export function addImportCommand(program: Command): void {
  withServerOptions(program.command('import <bucket> <dir>'))
    .description('make an object of every file below a folder')
    .option('--prefix <prefix>', 'what to put before each key', '')
    .option('--concurrency <n>', 'files under way at once', '32')
    .addHelpText(
      'after',
      `
The key is the path below the folder, with "/"; the file's modification time is kept as x-oss-meta-mtime.
What is no regular file (links, sockets) is passed over and told.

Examples:
  $ stocktake import photos ~/Pictures
  $ stocktake import photos ~/Pictures --prefix 2026/`,
    )
    .action(importFolder);
}

async function importFolder(bucket: string, folder: string, flags: Flags): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true) throw new Error(`There is no folder "${folder}".`);
  await withClient(flags, (client) => importWith(client, bucket, folder, flags));
}

async function importWith(client: ServerClient, bucket: string, folder: string, flags: Flags): Promise<void> {
  const progress = new ProgressLine({ isJson: flags.json });
  const tally: Tally = { objects: 0, bytes: 0, skipped: [] };
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1000;
  const workers = wholeNumber(flags.concurrency, '--concurrency', { min: 1, max: 1024 });
  const files = walk(path.resolve(folder), flags.prefix, tally);
  const work = async () => {
    // One iterator feeds all workers: each takes the next file when it is done with its own.
    for (let next = await files.next(); !next.done; next = await files.next()) {
      await put(client, bucket, next.value, tally);
      progress.show(
        `${formatCount(tally.objects)} objects, ${formatBytes(tally.bytes)}, ${formatCount(Math.round(tally.objects / seconds()))} a second`,
      );
    }
  };
  try {
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    progress.end();
  }
  for (const { file, why } of tally.skipped) note(`passed over: ${file} (${why})`);
  if (flags.json) printJson({ bucket, ...tally, seconds: seconds() });
  else
    say(
      `Imported ${formatCounted(tally.objects, 'object')}, ${formatBytes(tally.bytes)}, in ${seconds().toFixed(1)} s.`,
    );
}

async function put(client: ServerClient, bucket: string, { file, key }: SourceFile, tally: Tally): Promise<void> {
  const found = await statOf(file);
  if (found === undefined) {
    tally.skipped.push({ file, why: 'it is gone, or its name is not UTF-8' });
    return;
  }
  const { size, mtimeMs } = found;
  await client.sendForNothing({
    method: 'PUT',
    bucket,
    key,
    headers: {
      'content-length': String(size),
      'x-oss-meta-mtime': (mtimeMs / 1000).toFixed(3),
    },
    ...(size > 0 && { body: createReadStream(file, { end: size - 1 }) }),
  });
  tally.objects++;
  tally.bytes += size;
}

async function statOf(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function* walk(folder: string, prefix: string, tally: Tally): AsyncGenerator<SourceFile> {
  for await (const entry of await opendir(folder)) {
    const file = path.join(folder, entry.name);
    const key = prefix + entry.name;
    if (entry.isDirectory()) {
      yield* walk(file, `${key}/`, tally);
      continue;
    }
    const why = entry.isFile() ? whyNoKey(key) : 'no regular file';
    if (why === undefined) yield { file, key };
    else tally.skipped.push({ file, why });
  }
}

/** What keeps a text from being a key, in the server's own words. */
function whyNoKey(key: string): string | undefined {
  try {
    objectKeyBytes(key);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
