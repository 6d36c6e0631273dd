/** The flags of all benchmarks, checked. */

import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';

export const STORE_PARTS = ['put', 'list', 'streams'] as const;
export type StorePart = (typeof STORE_PARTS)[number];

export interface BenchFlags {
  readonly json: boolean;
  /** inventory, due: how many objects the bucket has. */
  readonly objects: number;
  /** due: how many rules are due at one instant. */
  readonly rules: number;
  /** store: which parts to run. */
  readonly only: readonly StorePart[];
  /** store, due: how long each load is measured. */
  readonly seconds: number;
  /** store put: how many are in flight, one measurement each. */
  readonly connections: readonly number[];
  /** store list: how many keys the bucket has. */
  readonly keys: number;
  /** store streams: how many uploads run side by side, and how long each is, one measurement each. */
  readonly streams: number;
  readonly mebibytes: readonly number[];
  /** store, due: where data folders go, which decides whose fsync is measured. */
  readonly folder: string;
  /** store, due: where each server leaves a CPU profile. */
  readonly profile: string | undefined;
}

export const USAGE = `usage: npm run bench -- inventory [--objects N] [--json]
       npm run bench -- due [--rules N] [--objects N] [--seconds N] [--folder DIR] [--profile DIR] [--json]
       npm run bench -- store [--only put|list|streams] [--seconds N] [--connections N,...] [--keys N]
                              [--streams N] [--mebibytes N,...] [--folder DIR] [--profile DIR] [--json]
`;

/** The benchmark's name and its flags; throws what is wrong with them, in words. */
export function readFlags(args: readonly string[]): { readonly name: string; readonly flags: BenchFlags } {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      objects: { type: 'string' },
      rules: { type: 'string', default: '1000' },
      only: { type: 'string', default: STORE_PARTS.join(',') },
      seconds: { type: 'string', default: '10' },
      connections: { type: 'string', default: '1,16,64,256' },
      keys: { type: 'string', default: '10000' },
      streams: { type: 'string', default: '64' },
      mebibytes: { type: 'string', default: '16,128' },
      folder: { type: 'string', default: tmpdir() },
      profile: { type: 'string' },
    },
  });
  const name = positionals[0] ?? '';
  return {
    name,
    flags: {
      json: values.json,
      objects: count('objects', values.objects ?? (name === 'due' ? '10000' : '1000000')),
      rules: count('rules', values.rules),
      only: values.only.split(',').map(storePart),
      seconds: count('seconds', values.seconds),
      connections: counts('connections', values.connections),
      keys: count('keys', values.keys),
      streams: count('streams', values.streams),
      mebibytes: counts('mebibytes', values.mebibytes),
      folder: values.folder,
      profile: values.profile,
    },
  };
}

function counts(flag: string, text: string): number[] {
  return text.split(',').map((part) => count(flag, part));
}

function count(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${flag} is "${text}" where a whole number above 0 is expected.`);
}

function storePart(text: string): StorePart {
  const part = STORE_PARTS.find((name) => name === text);
  if (part !== undefined) return part;
  throw new Error(`--only is "${text}" where ${STORE_PARTS.join(', ')} are accepted.`);
}
