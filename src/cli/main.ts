/** The command line. Exit codes: 0 done, 1 failed, 2 wrong usage. */

import { CommanderError } from 'commander';
import { ConfigurationError } from '../config.ts';
import { note } from './output.ts';
import { createProgram } from './program.ts';
import { UsageError } from './usage-error.ts';

// Whoever reads our output may have seen enough, as `head` does; that is no fault, and stops no work.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

/** Runs a command (`argv` without node and script) and returns its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = createProgram();
  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : [...argv], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    note(`stocktake: ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof UsageError || error instanceof ConfigurationError ? 2 : 1;
  }
}
