/** A short part of the kill suite (`npm run test:crash` is the long one). Its seed is in the name of the test. */

import { expect, test } from 'vitest';
import { runScenario } from './scenario.ts';

const KILLS = 6;
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 2 ** 32);

test(`a server that is killed keeps what it promised (seed ${SEED})`, async () => {
  const lines: string[] = [];
  const tell = (line: string) => lines.push(line);
  const { problems } = await runScenario({ kills: KILLS, seed: SEED, baseObjects: 60_000, tell });
  expect(problems, lines.join('\n')).toEqual([]);
}, 120_000);
