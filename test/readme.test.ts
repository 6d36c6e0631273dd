/** The README's first inventory, line by line as it stands there, in a shell: a newcomer's copy and paste. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { keepTerminal } from './captured-output.ts';
import { writeNpx } from './npx.ts';
import { startServer, TEST_KEY } from './server-process.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

test("the README's first inventory can be followed by copy and paste", async () => {
  const lines = await commandLines('README.md');
  expect(lines.length).toBeGreaterThanOrEqual(7);
  const folder = await mkdtemp(path.join(tmpdir(), 'stocktake-readme-'));
  const server = await startServer();
  try {
    await symlink(path.join(ROOT, 'docs'), path.join(folder, 'docs'));
    await writeNpx(folder);
    const { stdout } = await promisify(execFile)('bash', ['-euc', lines.join('\n')], {
      cwd: folder,
      env: {
        PATH: `${folder}:${process.env.PATH}`,
        STOCKTAKE_ENDPOINT: server.endpoint,
        STOCKTAKE_ACCESS_KEY_ID: TEST_KEY.accessKeyId,
        STOCKTAKE_ACCESS_KEY_SECRET: TEST_KEY.accessKeySecret,
      },
    });
    keepTerminal(stdout);
    expect(stdout).toMatch(/is published/);
    expect(stdout).toMatch(/The report is whole: \d+ rows in 1 file/);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
});

test('every setting, its variable and its default are in the reference', async () => {
  const reference = await readFile(path.join(ROOT, 'docs/reference/configuration.md'), 'utf8');
  const source = await readFile(path.join(ROOT, 'src/config.ts'), 'utf8');
  const variables = source.match(/STOCKTAKE_[A-Z_]+/g) ?? [];
  expect(variables.length).toBeGreaterThan(9);
  for (const variable of variables) expect(reference).toContain(`\`${variable}\``);
});

/** The lines of a document's shell blocks that call our command. */
async function commandLines(document: string): Promise<string[]> {
  const text = await readFile(path.join(ROOT, document), 'utf8');
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map((match) => match[1] ?? '');
  return blocks.flatMap((block) => block.split('\n')).filter((line) => line.startsWith('npx stocktake '));
}
