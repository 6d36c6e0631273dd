/** Runs a command in this process, with its own environment and its output kept: a hundred of them cost no start each. */

import { type MockInstance, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { keepCommand } from '../captured-output.ts';
import { type CommandResult, TEST_KEY } from '../server-process.ts';

export async function runMain(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const outer = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith('STOCKTAKE_')) delete process.env[name];
  process.env.STOCKTAKE_ACCESS_KEY_ID = TEST_KEY.accessKeyId;
  process.env.STOCKTAKE_ACCESS_KEY_SECRET = TEST_KEY.accessKeySecret;
  Object.assign(process.env, environment);
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    process.exitCode = undefined;
    const code = await main(args);
    const output = { stdout: textOf(stdout), stderr: textOf(stderr) };
    keepCommand(args, output);
    return { code, ...output };
  } finally {
    process.exitCode = undefined;
    stdout.mockRestore();
    stderr.mockRestore();
    process.env = outer;
  }
}

function textOf(written: MockInstance<typeof process.stdout.write>): string {
  return written.mock.calls.map(([chunk]) => chunk.toString()).join('');
}
