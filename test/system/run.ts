/**
 * What needs Debian packages besides those of npm: `npm run test:system`, or with `-- --only NAME,NAME` the files of
 * `checks/` that are named so. Nothing is skipped; the last line counts what passed and what failed, and it exits 1 when
 * anything did.
 */

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect, parseArgs } from 'node:util';
import type { Stage, SystemCheck } from './check.ts';
import { removeUnpacked } from './debian-tool.ts';

const CHECKS = new URL('./checks/', import.meta.url);

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const names = (await readdir(CHECKS)).filter((name) => name.endsWith('.ts')).map((name) => name.replace('.ts', ''));
const asked = values.only?.split(',') ?? names.sort();
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) throw new Error(`There is no check "${unknown.join('", "')}"; there are ${names.join(', ')}.`);

let passed = 0;
let failed = 0;
for (const name of asked) {
  const { checks } = (await import(new URL(`${name}.ts`, CHECKS).href)) as { readonly checks: readonly SystemCheck[] };
  for (const check of checks) {
    const fault = await faultOf(check);
    if (fault === undefined) passed++;
    else failed++;
    say(`${fault === undefined ? 'ok    ' : 'FAILED'} ${name}: ${check.name}`);
    if (fault !== undefined) say(inspect(fault).replace(/^/gm, '       '));
  }
}
await removeUnpacked();
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** Undefined when the check passed; its stage is taken down either way. */
async function faultOf({ run }: SystemCheck): Promise<unknown> {
  const ends: (() => unknown)[] = [];
  const folder = await mkdtemp(path.join(tmpdir(), 'stocktake-system-'));
  const stage: Stage = { folder, onEnd: (end) => ends.push(end) };
  try {
    await run(stage);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    for (const end of ends.reverse()) await end();
    await rm(folder, { recursive: true, force: true });
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
