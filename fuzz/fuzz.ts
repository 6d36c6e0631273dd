/**
 * The fuzzer: `npm run fuzz -- --seconds N --seed S` sends a real server spoilt requests over raw connections, from
 * `--workers` sides. Exits 1 when it found something; `--seed S --only I` sends one attempt of it again.
 */

import { parseArgs } from 'node:util';
import { wholeNumber } from '../src/cli/usage-error.ts';
import { runCampaign } from './campaign.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    workers: { type: 'string', default: '8' },
    only: { type: 'string' },
  },
});

const most = 2 ** 32 - 1;
const seed = wholeNumber(values.seed, '--seed', { min: 0, max: most });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

say(`seed ${seed}`);
const { attempts, statuses, findings } = await runCampaign({
  seed,
  seconds: wholeNumber(values.seconds, '--seconds', { min: 1, max: 1_000_000 }),
  workers: wholeNumber(values.workers, '--workers', { min: 1, max: 256 }),
  only: values.only === undefined ? undefined : wholeNumber(values.only, '--only', { min: 0, max: most }),
  tell: say,
});
const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
say(`${attempts} attempts; answers by status: ${counts.join(', ') || 'none'}`);
say(findings.length === 0 ? 'nothing found' : `${findings.length} FINDINGS (seed ${seed})`);
process.exitCode = findings.length === 0 ? 0 : 1;
