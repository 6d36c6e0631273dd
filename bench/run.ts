/** `npm run bench -- NAME [--objects N] [--json]`: a benchmark beside its references, all measured in the same run. */

import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { benchInventory } from './inventory.ts';

/** Figures of one contestant; `perSecond` is what ratios are made of. */
export interface Figures {
  readonly perSecond: number;
  readonly [figure: string]: number;
}

export interface Contest {
  readonly ours: Figures;
  readonly references: Readonly<Record<string, Figures>>;
}

const BENCHES: Readonly<Record<string, (objects: number) => Promise<Contest>>> = { inventory: benchInventory };

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { objects: { type: 'string', default: '1000000' }, json: { type: 'boolean', default: false } },
});
const name = positionals[0] ?? '';
const bench = BENCHES[name];
const objects = Number(flags.objects);
if (bench === undefined || !Number.isInteger(objects) || objects < 1) {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--objects N] [--json]\n`);
  process.exit(2);
}

const { ours, references } = await bench(objects);
const ratios = Object.fromEntries(
  Object.entries(references).map(([reference, { perSecond }]) => [reference, round(ours.perSecond / perSecond)]),
);
if (flags.json) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
  };
  process.stdout.write(`${JSON.stringify({ bench: name, machine, commit, ours, references, ratios }, null, 2)}\n`);
} else {
  print('ours', ours);
  for (const [reference, figures] of Object.entries(references)) {
    print(reference, figures);
    process.stdout.write(`  ours is ${ratios[reference]} times as fast\n`);
  }
}

function print(title: string, figures: Figures): void {
  const text = Object.entries(figures).map(([figure, value]) => `${figure} ${round(value).toLocaleString('en-US')}`);
  process.stdout.write(`${title}: ${text.join(', ')}\n`);
}

function round(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
