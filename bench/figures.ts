/** What a benchmark finds, and how it is shown: ours beside each reference, with the ratio that a reader looks for. */

import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';

/** Figures of one contestant, by name; the unit is part of the name. */
export type Figures = Readonly<Record<string, number>>;

/** Ours beside what it is compared with. */
export interface Contest {
  /** As in `put-64`; absent when the benchmark is one contest. */
  readonly name?: string;
  readonly ours: Figures;
  readonly references: Readonly<Record<string, Figures>>;
  /** The figure that ratios are made of, and whether more of it is better; `perSecond` and more unless given. */
  readonly comparedBy?: { readonly figure: string; readonly better: 'more' | 'less' };
  /** The ratio that we want to reach against one of the references. */
  readonly goal?: { readonly reference: string; readonly ratio: number };
  /** What a reader has to know, such as why a reference is missing. */
  readonly notes?: readonly string[];
}

/** All contests of a benchmark as one JSON document. */
export function toJson(bench: string, contests: readonly Contest[]): string {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
  };
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const only = contests.length === 1 && contests[0]?.name === undefined ? contests[0] : undefined;
  const ours = only?.ours ?? Object.fromEntries(contests.map((contest) => [contest.name, contest.ours]));
  const duels = contests.flatMap(duelsOf);
  const references = Object.fromEntries(duels.map(({ name, figures }) => [name, figures]));
  const ratios = Object.fromEntries(duels.map(({ name, ratio }) => [name, ratio]));
  const goals = Object.fromEntries(duels.flatMap(({ name, goal }) => (goal === undefined ? [] : [[name, goal]])));
  const notes = contests.flatMap((contest) => contest.notes ?? []);
  return JSON.stringify(
    {
      bench,
      machine,
      commit,
      ours,
      references,
      ratios,
      ...(Object.keys(goals).length > 0 && { goals }),
      ...(notes.length > 0 && { notes }),
    },
    null,
    2,
  );
}

/** A contest for people: each figure with what it is compared with. */
export function toText(contest: Contest): string {
  const lines = [`${contest.name === undefined ? '' : `${contest.name}: `}ours: ${show(contest.ours)}`];
  for (const { reference, figures, ratio, goal } of duelsOf(contest)) {
    lines.push(`  ${reference}: ${show(figures)}`);
    lines.push(`    ours against it: ${ratio}${goal === undefined ? '' : ` (goal ${goal})`}`);
  }
  for (const note of contest.notes ?? []) lines.push(`  ${note}`);
  return `${lines.join('\n')}\n`;
}

interface Duel {
  /** As JSON names it: the reference, after the contest where there are several. */
  readonly name: string;
  readonly reference: string;
  readonly figures: Figures;
  /** Above 1 when ours is better. */
  readonly ratio: number;
  readonly goal?: number;
}

function duelsOf({ name, ours, references, comparedBy, goal }: Contest): Duel[] {
  const { figure, better } = comparedBy ?? { figure: 'perSecond', better: 'more' };
  return Object.entries(references).map(([reference, figures]) => {
    const quotient = (ours[figure] ?? Number.NaN) / (figures[figure] ?? Number.NaN);
    return {
      name: name === undefined ? reference : `${name}: ${reference}`,
      reference,
      figures,
      ratio: round(better === 'more' ? quotient : 1 / quotient),
      ...(goal?.reference === reference && { goal: goal.ratio }),
    };
  });
}

function show(figures: Figures): string {
  return Object.entries(figures)
    .map(([figure, value]) => `${figure} ${round(value).toLocaleString('en-US')}`)
    .join(', ');
}

function round(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
