/** A short part of the kill suite (`npm run test:crash` is the long one). Its seed is in the name of the test. */

import { expect, test } from 'vitest';
import { FAILPOINTS, type Failpoint } from '../../src/core/failpoint.ts';
import { isOfDue, runDueScenario } from './due/scenario.ts';
import { Random } from './random.ts';
import { runScenario } from './scenario.ts';

const FAILPOINTS_TRIED = 4;
const RANDOM_KILLS = 3;
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 2 ** 32);

test(`a server that is killed keeps what it promised (seed ${SEED})`, async () => {
  const lines: string[] = [];
  const random = new Random(SEED);
  const { problems } = await runScenario({
    failpoints: pick(
      random,
      FAILPOINTS.filter((point) => !isOfDue(point)),
    ),
    randomKills: RANDOM_KILLS,
    seed: SEED,
    baseObjects: 2_000,
    tell: (line) => lines.push(line),
  });
  expect(problems, lines.join('\n')).toEqual([]);
}, 120_000);

test(`a server that is killed leaves no due time without its report or reason (seed ${SEED})`, async () => {
  const lines: string[] = [];
  const { problems } = await runDueScenario({
    failpoints: pick(new Random(SEED), FAILPOINTS.filter(isOfDue)),
    randomKills: RANDOM_KILLS,
    seed: SEED,
    baseObjects: 50,
    tell: (line) => lines.push(line),
  });
  expect(problems, lines.join('\n')).toEqual([]);
}, 120_000);

function pick(random: Random, points: readonly Failpoint[]): Failpoint[] {
  return Array.from({ length: FAILPOINTS_TRIED }, () => random.pick(points));
}
