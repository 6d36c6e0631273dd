/** Commands against a server, run in this process, and held against what they are to come to. */

import { expect } from 'vitest';
import type { CommandResult } from '../server-process.ts';
import { runMain } from './main-in-process.ts';

export type Commands = ReturnType<typeof commandsAt>;

/** `prefix` goes before the words of each command; the endpoint is asked for when a command runs. */
export function commandsAt(
  endpoint: () => string,
  { prefix = [], environment }: { prefix?: readonly string[]; environment?: Readonly<Record<string, string>> } = {},
) {
  const attempt = (...args: string[]): Promise<CommandResult> =>
    runMain([...prefix, ...args], { STOCKTAKE_ENDPOINT: endpoint(), ...environment });

  /** A command that is to succeed, with nothing on stderr; its output. */
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await attempt(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };

  return {
    attempt,
    run,
    /** The same with `--json`, parsed. */
    runJson: async <T>(...args: string[]): Promise<T> => JSON.parse(await run(...args, '--json')) as T,
    /** A command that is to fail with these words on stderr, and nothing on stdout. */
    expectFailure: async (words: string, ...args: string[]): Promise<void> => {
      const { code, stdout, stderr } = await attempt(...args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(words);
    },
  };
}
