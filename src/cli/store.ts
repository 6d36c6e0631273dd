import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { loadSettings } from '../config.ts';
import type { BackupView } from '../core/backup.ts';
import type { CheckCounts, DataFinding } from '../data-folder/offline-folder.ts';
import { formatBytes, formatCount, formatCounted, note, ProgressLine, printJson, say } from './output.ts';
import { type ServerClient, withClient } from './server-client.ts';

interface Flags {
  readonly data?: string;
  readonly json: boolean;
}

interface CheckFlags extends Flags {
  readonly keyFile?: string;
  readonly quick: boolean;
}

interface BackupFlags extends Flags {
  readonly endpoint?: string;
  readonly link: boolean;
}

interface RestoreFlags extends Flags {
  readonly keyFile?: string;
  readonly verify: boolean;
}

/** Findings that one JSON document lists; all are counted. */
const MAX_LISTED = 10_000;

/** Between two questions how far a backup got. */
const POLL_MS = 500;

const DATA = ['--data <dir>', 'the data folder (STOCKTAKE_DATA; default ./stocktake-data)'] as const;
const KEY_FILE = [
  '--key-file <file>',
  'opens what is encrypted (STOCKTAKE_KEY_FILE; default in the data folder)',
] as const;
const JSON_FLAG = ['--json', 'JSON on stdout, for scripts', false] as const;

export function addStoreCommands(program: Command): void {
  const store = program.command('store').description('check, back up and restore a data folder').helpCommand(false);
  store
    .command('check')
    .description('look for damage in a data folder that no server has; exit code 1 when there is any')
    .option(...DATA)
    .option(...KEY_FILE)
    .option('--quick', 'the index, and of the bodies only the lengths', false)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      '\nExamples:\n  $ stocktake store check\n  $ stocktake store check --data /srv/stocktake --quick',
    )
    .action(check);
  store
    .command('backup <folder>')
    .description('copy a data folder as of one instant, also while a server has it')
    .option(...DATA)
    .option('--endpoint <url>', 'the server to ask; the folder is then one of its machine')
    .option('--link', 'give body files a second name instead of copying them; same file system only', false)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `
The folder is made by the backup. What it holds is secret: the root key is in it, and every object. The key file is
not: keep a copy of it elsewhere, because nothing that is encrypted can be read without it.

Examples:
  $ stocktake store backup /backups/monday
  $ stocktake store backup /backups/monday --endpoint http://127.0.0.1:9300`,
    )
    .action(backup);
  store
    .command('restore <folder>')
    .description('make a data folder of a backup')
    .option(...DATA)
    .option(...KEY_FILE)
    .option('--verify', 'read every byte before the data is put in its place', false)
    .option(...JSON_FLAG)
    .addHelpText('after', '\nExample:\n  $ stocktake store restore /backups/monday --data /srv/stocktake')
    .action(restore);
}

async function check({ quick, json, ...flags }: CheckFlags): Promise<void> {
  const settings = loadSettings(flags);
  const { checkDataFolder, describeFinding } = await import('../data-folder/offline-folder.ts');
  const progress = new ProgressLine({ isJson: json });
  const listed: DataFinding[] = [];
  let findings = 0;
  const { counts, notes } = await ending(progress, (signal) =>
    checkDataFolder(settings.data, {
      withBodies: !quick,
      keyFile: settings.keyFile,
      needsKeyFile: flags.keyFile !== undefined,
      signal,
      onProgress: (counts) => progress.show(`${describeCounts(counts)}, ${formatCounted(findings, 'fault')}`),
      onFinding(finding) {
        findings++;
        if (json && listed.length < MAX_LISTED) listed.push(finding);
        if (json) return;
        progress.end();
        say(`${finding.kind}: ${describeFinding(finding)}`);
      },
    }),
  );
  process.exitCode = findings === 0 ? 0 : 1;
  if (json) {
    printJson({ ...counts, findingCount: findings, findings: listed, notes });
    return;
  }
  for (const text of notes) note(text);
  if (counts.filesToRemove > 0)
    note(`The next start of a server removes ${formatCounted(counts.filesToRemove, 'file')}.`);
  say(`${describeCounts(counts)}: ${findings === 0 ? 'nothing is wrong' : formatCounted(findings, 'fault')}.`);
}

function describeCounts({ objects, versions, bytes }: CheckCounts): string {
  return `${formatCounted(objects, 'object')} in ${formatCounted(versions, 'version')}, ${formatBytes(bytes)}`;
}

async function backup(folder: string, flags: BackupFlags): Promise<void> {
  const target = path.resolve(folder);
  const made = flags.endpoint === undefined ? await backUpHere(target, flags) : await backUpThere(target, flags);
  if (flags.json) {
    printJson(made);
    return;
  }
  say(`The backup is in ${made.folder}: the state of ${made.pointInTime}, with ${formatCount(made.files)} body files.`);
  say(`The key file is not in it. Keep a copy of it elsewhere: ${made.keyFile}`);
}

type MadeBackup = Pick<BackupView, 'folder' | 'pointInTime' | 'rows' | 'files' | 'keyFile'>;

/** Of the folder itself, or by the server that has it. */
async function backUpHere(folder: string, flags: BackupFlags): Promise<MadeBackup> {
  const { data, keyFile } = loadSettings({ data: flags.data });
  const { backUpDataFolder, FolderInUseError } = await import('../data-folder/offline-folder.ts');
  const progress = new ProgressLine({ isJson: flags.json });
  try {
    const { pointInTime, rows, files } = await ending(progress, (signal) =>
      backUpDataFolder(data, folder, {
        isLinked: flags.link,
        signal,
        onProgress: (counts) => progress.show(describeProgress(counts)),
      }),
    );
    return { folder, pointInTime, rows, files, keyFile };
  } catch (error) {
    if (error instanceof FolderInUseError) return await backUpThere(folder, flags, data);
    throw error;
  }
}

/** By a server; `data` is the folder that it has to have. */
async function backUpThere(folder: string, flags: BackupFlags, data?: string): Promise<MadeBackup> {
  const progress = new ProgressLine({ isJson: flags.json });
  return await withClient(flags, async (client) => {
    const body = JSON.stringify({ folder, link: flags.link, data });
    try {
      let last = await client.sendForAdmin<BackupView>({ method: 'POST', path: 'backup', body });
      const { startedAt } = last;
      while (last.state === 'running') {
        progress.show(describeProgress(last));
        await pause(POLL_MS);
        last = await lastBackup(client);
        if (last.folder !== folder || last.startedAt !== startedAt) {
          throw new Error(
            'The server has begun another backup since; whether this one is whole, its backup.json tells.',
          );
        }
      }
      if (last.state === 'failed') throw new Error(`The backup failed, and nothing is left of it: ${last.reason}`);
      return last;
    } finally {
      progress.end();
    }
  });
}

function lastBackup(client: ServerClient): Promise<BackupView> {
  return client.sendForAdmin<BackupView>({ path: 'backup' });
}

function describeProgress({ rows, files }: { readonly rows: number; readonly files: number }): string {
  return `${formatCount(rows)} rows of the index, ${formatCount(files)} body files`;
}

async function restore(folder: string, { verify, json, ...flags }: RestoreFlags): Promise<void> {
  const { data, keyFile } = loadSettings(flags);
  const { restoreDataFolder } = await import('../data-folder/offline-folder.ts');
  const progress = new ProgressLine({ isJson: json });
  const { counts, pointInTime, keyFileId, hasRootKey } = await ending(progress, (signal) =>
    restoreDataFolder(path.resolve(folder), data, {
      withBodies: verify,
      keyFile,
      signal,
      onProgress: (files) => progress.show(`${formatCount(files)} body files`),
    }),
  );
  if (json) {
    printJson({ data, pointInTime, keyFileId, hasRootKey, ...counts });
    return;
  }
  say(`${data} holds the state of ${pointInTime}: ${describeCounts(counts)}.`);
  if (keyFileId !== null) {
    say(
      `Before it is served, bring the key file back: the one with the id ${keyFileId}, as ${keyFile} or by --key-file.`,
    );
  }
  if (!hasRootKey)
    say('The backup holds no root key: set the one that the server had, or the first start makes a new one.');
}

/** Runs work that Ctrl-C breaks off, so that it removes what it has begun. */
async function ending<T>(progress: ProgressLine, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const onSignal = () => stop.abort(new Error('It was broken off.'));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, onSignal);
  try {
    return await work(stop.signal);
  } finally {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, onSignal);
    progress.end();
  }
}
