/** A short part of the kill suite (`npm run test:crash` is the long one). Its seed is in the name of the test. */

import { expect, test } from 'vitest';
import { FAILPOINTS } from '../../src/core/failpoint.ts';
import { Random } from './random.ts';
import { runScenario } from './scenario.ts';

const FAILPOINTS_TRIED = 4;
const RANDOM_KILLS = 3;
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 2 ** 32);

test(`a server that is killed keeps what it promised (seed ${SEED})`, async () => {
  const lines: string[] = [];
  const random = new Random(SEED);
  const { problems } = await runScenario({
    failpoints: Array.from({ length: FAILPOINTS_TRIED }, () => random.pick(FAILPOINTS)),
    randomKills: RANDOM_KILLS,
    seed: SEED,
    baseObjects: 2_000,
    tell: (line) => lines.push(line),
  });
  expect(problems, lines.join('\n')).toEqual([]);
}, 120_000);
