/** The long kill suite: `npm run test:crash -- --kills N --seed S`. Exits 1 when a promise was broken. */

import { parseArgs } from 'node:util';
import { wholeNumber } from '../../src/cli/usage-error.ts';
import { runScenario } from './scenario.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    objects: { type: 'string', default: '150000' },
  },
});

const options = {
  kills: wholeNumber(values.kills, '--kills', { min: 1, max: 1_000_000 }),
  seed: wholeNumber(values.seed, '--seed', { min: 0, max: 2 ** 32 - 1 }),
  baseObjects: wholeNumber(values.objects, '--objects', { min: 1, max: 100_000_000 }),
};
const say = (line: string): void => void process.stdout.write(`${line}\n`);

say(`seed ${options.seed}`);
const { kills, acknowledged, inDoubt, reports, runsHit, problems } = await runScenario({ ...options, tell: say });
const hit = Object.entries(runsHit).map(([state, count]) => `${count} ${state}`);
say(
  `${kills} kills: ${acknowledged} changes acknowledged, ${inDoubt} in doubt, ${reports} reports, runs hit: ${hit.join(', ') || 'none'}`,
);
say(
  problems.length === 0 ? 'every promise was kept' : `${problems.length} promises were BROKEN (seed ${options.seed})`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
