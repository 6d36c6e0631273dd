/**
 * The long kill suites: `npm run test:crash -- --kills N --seed S` kills servers at every failpoint there is, and N times at
 * random in each suite: `store` (a mixed load on everything) and `due` (many rules that fall due together); `--only` names
 * one. Exits 1 when a promise was broken, or a failpoint never reached. `--at POINT,POINT` kills at those alone.
 */

import { parseArgs } from 'node:util';
import { UsageError, wholeNumber } from '../../src/cli/usage-error.ts';
import { FAILPOINTS, type Failpoint } from '../../src/core/failpoint.ts';
import { isOfDue, runDueScenario } from './due/scenario.ts';
import { runScenario } from './scenario.ts';

/** Few enough that a day of all rules takes a second. */
const DUE_OBJECTS = 300;
const SUITES = ['store', 'due'] as const;
type Suite = (typeof SUITES)[number];

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    objects: { type: 'string', default: '60000' },
    only: { type: 'string', default: SUITES.join(',') },
    at: { type: 'string' },
  },
});

const suites = values.only.split(',').map(suite);
const asked: readonly Failpoint[] = values.at === undefined ? FAILPOINTS : values.at.split(',').map(failpoint);
const failpoints = suites.length === SUITES.length ? asked : asked.filter((point) => suites.includes(suiteOf(point)));
const common = {
  randomKills: wholeNumber(values.kills, '--kills', { min: 0, max: 1_000_000 }),
  seed: wholeNumber(values.seed, '--seed', { min: 0, max: 2 ** 32 - 1 }),
  tell: say,
};

say(`seed ${common.seed}`);
const reached = new Set<Failpoint>();
const problems: string[] = [];
if (suites.includes('store')) {
  const baseObjects = wholeNumber(values.objects, '--objects', { min: 1, max: 100_000_000 });
  const summary = await runScenario({ ...common, baseObjects, failpoints: pointsOf('store') });
  const { kills, acknowledged, inDoubt, reports } = summary;
  say(`store: ${kills} kills; ${acknowledged} changes acknowledged, ${inDoubt} in doubt, ${reports} reports`);
  note(summary);
}
if (suites.includes('due')) {
  const summary = await runDueScenario({ ...common, baseObjects: DUE_OBJECTS, failpoints: pointsOf('due') });
  const { kills, answered, reports, ends, days } = summary;
  say(`due: ${kills} kills in ${days} days; ${answered} requests answered, ${reports} reports verified, ${ends} runs`);
  note(summary);
}
const unreached = values.at === undefined ? failpoints.filter((point) => !reached.has(point)) : [];
if (values.at === undefined) say(`failpoints never reached: ${unreached.join(', ') || 'none'}`);
say(problems.length === 0 ? 'every promise was kept' : `${problems.length} promises were BROKEN (seed ${common.seed})`);
process.exitCode = problems.length === 0 && unreached.length === 0 ? 0 : 1;

/** Each failpoint is killed at in the suite that comes to it most often. */
function suiteOf(point: Failpoint): Suite {
  return isOfDue(point) ? 'due' : 'store';
}

function pointsOf(name: Suite): readonly Failpoint[] {
  return failpoints.filter((point) => suiteOf(point) === name);
}

function note(summary: { readonly reached: ReadonlySet<Failpoint>; readonly problems: readonly string[] }): void {
  for (const point of summary.reached) reached.add(point);
  problems.push(...summary.problems);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function suite(name: string): Suite {
  const found = SUITES.find((each) => each === name);
  if (found !== undefined) return found;
  throw new UsageError(`--only names "${name}", where these are accepted: ${SUITES.join(', ')}.`);
}

function failpoint(name: string): Failpoint {
  const found = FAILPOINTS.find((point) => point === name);
  if (found !== undefined) return found;
  throw new UsageError(`--at names "${name}", where these are accepted: ${FAILPOINTS.join(', ')}.`);
}
