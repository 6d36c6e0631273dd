/** docs/guide/access.md, line by line as it stands there, in two terminals: and what it shows is what comes. */

import { execFile } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keepTerminal } from './captured-output.ts';
import { writeNpx } from './npx.ts';
import { startServer, TEST_KEY } from './server-process.ts';
import { temporaryFolder } from './store-fixture.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

interface Block {
  /** What the guide says before it. */
  readonly prose: string;
  readonly language: string;
  /** The file that it is, or the terminal that it is typed into when that is not the reader's own. */
  readonly name: string;
  readonly text: string;
}

const GUIDE = await readFile(path.join(ROOT, 'docs/guide/access.md'), 'utf8');
const BLOCKS: readonly Block[] = [...GUIDE.matchAll(/(.*?)^```(\w+) ?([^\n]*)\n(.*?)^```$/gms)].map(
  ([, prose = '', language = '', name = '', text = '']) => ({ prose, language, name, text }),
);

interface Terminal {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
}

test("the guide's commands do what it shows, for a user who may only manage the rules of one bucket", async () => {
  const folder = temporaryFolder();
  const server = await startServer();
  onTestFinished(() => server.stop());
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  await symlink(server.data, path.join(folder, 'stocktake-data'));
  await writeNpx(folder);
  const base = { PATH: `${folder}:${process.env.PATH}`, STOCKTAKE_ENDPOINT: server.endpoint, NO_COLOR: '1' };
  const reader = { folder, environment: { ...base, ...keyVariables(TEST_KEY.accessKeyId, TEST_KEY.accessKeySecret) } };
  let anna: Terminal = { folder, environment: base };
  let shownKey: NodeJS.ProcessEnv = {};

  for (const [at, { prose, language, name, text }] of BLOCKS.entries()) {
    if (/Paste the two\b/.test(prose)) anna = { folder, environment: { ...base, ...shownKey } };
    if (language === 'sh') {
      const { code, output } = await type(text, name === 'anna' ? anna : reader);
      const next = BLOCKS[at + 1];
      const shown = next?.language === 'text' ? next.text : undefined;
      expect.soft({ text, output, hasFailed: code !== 0 }).toMatchObject({ hasFailed: REFUSED.test(shown ?? '') });
      if (shown !== undefined) expect.soft(withoutChance(output), text).toBe(withoutChance(shown));
      const [, id, secret] = KEY_LINES.exec(output) ?? [];
      if (id !== undefined && secret !== undefined) shownKey = keyVariables(id, secret);
    } else if (name !== '') {
      await writeFile(path.join(folder, name), text);
    }
  }
}, 180_000);

/** What the guide shows of a command that is refused or tells of a refusal. */
const REFUSED = /^(?:stocktake: |WRONG |Run \w+ .* failed)/m;

const KEY_LINES = /export STOCKTAKE_ACCESS_KEY_ID=(\S+)\s+export STOCKTAKE_ACCESS_KEY_SECRET=(\S+)/;

function keyVariables(id: string, secret: string): NodeJS.ProcessEnv {
  return { STOCKTAKE_ACCESS_KEY_ID: id, STOCKTAKE_ACCESS_KEY_SECRET: secret };
}

/** Runs lines in a terminal, up to the first that fails. */
async function type(lines: string, { folder, environment }: Terminal): Promise<{ code: number; output: string }> {
  return await new Promise((resolve) => {
    execFile('bash', ['-ec', `exec 2>&1\n${lines}`], { cwd: folder, env: environment }, (error, output) => {
      keepTerminal(output);
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output });
    });
  });
}

/** The same text with one word for each thing that is another every time. */
function withoutChance(text: string): string {
  return text
    .replace(/_SECRET=\S+/g, '_SECRET=...')
    .replace(/\b(?:LTAI|STS\.)\w+|\btest-key\b/g, 'KEY')
    .replace(/\b\d{4}-\d\d-\d\d[T ]\d\d[:-]\d\d(?::\d\d\.\d{3})?(?:Z| UTC)/g, 'TIME')
    .replace(/(?<=\s)\/\S+(?=\/fetched\/)/g, 'FOLDER')
    .replace(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'FILE')
    .replace(/\b[0-9A-F]{24}\b/g, 'REQUEST')
    .replace(/\b[0-9a-f]{16}\b/g, 'RUN')
    .replace(/\b\d{17,20}\b/g, 'ID')
    .replace(/\baliyun-sdk-nodejs\/[^"]+/g, 'SDK')
    .replace(/127\.0\.0\.1:\d+/g, 'SERVER');
}
