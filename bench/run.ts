/** `npm run bench -- NAME [flags]`: a benchmark beside its references, all measured in the same run. */

import { benchDue } from './due.ts';
import { type Contest, toJson, toText } from './figures.ts';
import { type BenchFlags, readFlags, USAGE } from './flags.ts';
import { benchInventory } from './inventory.ts';
import { clearProgress } from './progress.ts';
import { benchStore } from './store.ts';

type Bench = (flags: BenchFlags) => AsyncIterable<Contest>;

const BENCHES: Readonly<Record<string, Bench>> = { inventory: benchInventory, store: benchStore, due: benchDue };

const { name, flags } = readArguments();
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (bench === undefined) refuse(`There is no benchmark "${name}".`);
// What has to go with this process hangs on its exit, which a signal alone would not bring about.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

try {
  const contests: Contest[] = [];
  for await (const contest of bench(flags)) {
    contests.push(contest);
    clearProgress();
    if (!flags.json) process.stdout.write(toText(contest));
  }
  if (flags.json) process.stdout.write(`${toJson(name, contests)}\n`);
} catch (error) {
  clearProgress();
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function readArguments() {
  try {
    return readFlags(process.argv.slice(2));
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n${USAGE}`);
  process.exit(2);
}
