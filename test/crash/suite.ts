/**
 * The long kill suite: `npm run test:crash -- --kills N --seed S` kills a server at every failpoint there is, and N times
 * at random. Exits 1 when a promise was broken, or a failpoint never reached. `--at POINT,POINT` kills at those alone.
 */

import { parseArgs } from 'node:util';
import { UsageError, wholeNumber } from '../../src/cli/usage-error.ts';
import { FAILPOINTS, type Failpoint } from '../../src/core/failpoint.ts';
import { runScenario } from './scenario.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    objects: { type: 'string', default: '60000' },
    at: { type: 'string' },
  },
});

const options = {
  failpoints: values.at === undefined ? FAILPOINTS : values.at.split(',').map(failpoint),
  randomKills: wholeNumber(values.kills, '--kills', { min: 0, max: 1_000_000 }),
  seed: wholeNumber(values.seed, '--seed', { min: 0, max: 2 ** 32 - 1 }),
  baseObjects: wholeNumber(values.objects, '--objects', { min: 1, max: 100_000_000 }),
};
const say = (line: string): void => void process.stdout.write(`${line}\n`);

say(`seed ${options.seed}`);
const summary = await runScenario({ ...options, tell: say });
const { kills, acknowledged, inDoubt, reports, problems } = summary;
const unreached = values.at === undefined ? summary.unreached : [];
say(
  `${kills} kills, ${options.failpoints.length} of them at failpoints: ${acknowledged} changes acknowledged, ${inDoubt} in doubt, ${reports} reports`,
);
if (values.at === undefined) say(`failpoints never reached: ${unreached.join(', ') || 'none'}`);
say(
  problems.length === 0 ? 'every promise was kept' : `${problems.length} promises were BROKEN (seed ${options.seed})`,
);
process.exitCode = problems.length === 0 && unreached.length === 0 ? 0 : 1;

function failpoint(name: string): Failpoint {
  const found = FAILPOINTS.find((point) => point === name);
  if (found !== undefined) return found;
  throw new UsageError(`--at names "${name}", where these are accepted: ${FAILPOINTS.join(', ')}.`);
}
