/**
 * What the servers and commands of a test run write, and the secrets that come up in it: kept while the run lasts, and
 * searched when all tests are done (`test/after/`). Outside of such a run nothing is kept.
 */

import { appendFileSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import { logTo } from '../src/cli/server-log.ts';

/** The folder of the run; `test/capture-setup.ts` makes it. */
const folder = process.env.TEST_CAPTURE;

/** `answer` is what a client was told that was refused: it may see the token it sent, and nobody's secret. */
export type OutputKind = 'server' | 'command' | 'audit' | 'answer';

/** Shorter ones are words that a test made up. */
export const MIN_SECRET_LENGTH = 8;

let outputs = 0;
const noted = new Set<string>();

/** Begins another output; what is given to it stays together. */
export function openOutput(kind: OutputKind): (text: string | Uint8Array) => void {
  const name = `${kind}-${process.pid}-${++outputs}.txt`;
  return (text) => {
    if (folder !== undefined) appendFileSync(path.join(folder, name), text);
  };
}

/** The log of a server in this process, as a server of its own would write it. */
export function testLog(): Logger {
  return logTo({ write: openOutput('server') });
}

/** Where secrets are noted, one a line: which kind it is, and its bytes in base64. */
export const SECRETS_FILE = 'secrets.txt';

/** `token` is what a session's client sends along; `key` is what nobody ever sends. */
export function noteSecret(secret: string | Uint8Array, kind: 'key' | 'token' = 'key'): void {
  const line = `${kind} ${Buffer.from(secret).toString('base64')}\n`;
  if (folder === undefined || secret.length < MIN_SECRET_LENGTH || noted.has(line)) return;
  noted.add(line);
  appendFileSync(path.join(folder, SECRETS_FILE), line);
}

/** How secrets are shown to whom they are for: JSON of ours, XML of the wire, lines for a shell. */
const SHOWN_KEY =
  /(?:"(?:secret|accessKeySecret)"\s*:\s*"|<AccessKeySecret>|_ACCESS_KEY_SECRET=|_WEBHOOK_SECRET=)([\w+/=.-]{8,})/gi;
const SHOWN_TOKEN = /(?:"securityToken"\s*:\s*"|<SecurityToken>|_SECURITY_TOKEN=)([\w+/=.-]{8,})/gi;

/** Notes the secrets in a text that shows them on purpose. */
export function noteShownSecrets(text: string): void {
  for (const [, secret = ''] of text.matchAll(SHOWN_KEY)) noteSecret(secret);
  for (const [, token = ''] of text.matchAll(SHOWN_TOKEN)) noteSecret(token, 'token');
}

/** The commands whose stdout shows a secret on purpose, once. */
function showsSecret(args: readonly string[]): boolean {
  if (args[0] === 'serve') return !args.includes('--json');
  const makesKey = args.includes('key') && (args.includes('create') || args.includes('rotate'));
  const makesSession = args.includes('assume-role');
  const makesWebhookSecret = args[0] === 'webhook' && (args.includes('create') || args.includes('rotate-secret'));
  return makesWebhookSecret || (args[0] === 'access' && (makesKey || makesSession || args.includes('--key')));
}

/** Keeps what a command wrote; all of its stdout but what is meant to show a secret. */
export function keepCommand(
  args: readonly string[],
  output: { readonly stdout: string; readonly stderr: string },
): void {
  const write = openOutput('command');
  write(output.stderr);
  noteShownSecrets(output.stdout);
  if (!showsSecret(args)) write(output.stdout);
}

/** Keeps what commands showed in a terminal, but for the lines that show a secret on purpose. */
export function keepTerminal(output: string): void {
  noteShownSecrets(output);
  openOutput('command')(output.replaceAll(/^ *(?:export STOCKTAKE_ACCESS_KEY|STOCKTAKE_WEBHOOK)_SECRET=.*$/gm, ''));
}

/** Keeps the audit logs of a data folder, or of those in a folder, and notes the secrets that lie there. */
export function keepFolder(parent: string): void {
  if (folder === undefined || !existsSync(parent)) return;
  const below = readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const data of [parent, ...below.map(({ name }) => path.join(parent, name))]) {
    // A pipe that a test made in place of a file would never end.
    const files = readdirSync(data, { withFileTypes: true }).filter((entry) => entry.isFile());
    for (const { name } of files) keepFile(path.join(data, name), `${path.basename(parent)}-${path.basename(data)}`);
  }
}

function keepFile(file: string, place: string): void {
  const name = path.basename(file);
  if (folder !== undefined && name.startsWith('audit.jsonl')) {
    copyFileSync(file, path.join(folder, `audit-${place}-${name}`));
  } else if (name === 'root-access-key.json') {
    noteShownSecrets(readFileSync(file, 'utf8'));
  } else if (name === 'encryption-key.json' || name === 'key.json') {
    const [, key] = /"key"\s*:\s*"([\w+/=]{40,})"/.exec(readFileSync(file, 'utf8')) ?? [];
    if (key !== undefined) noteSecret(Buffer.from(key, 'base64'));
  }
}

/** Removes a folder of a test, once what matters of it is kept. */
export function removeFolder(parent: string): void {
  keepFolder(parent);
  rmSync(parent, { recursive: true, force: true });
}
