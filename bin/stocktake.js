#!/usr/bin/env node
/** The `stocktake` command. It loads what was built when there is a build, and the sources otherwise, so
 *  a clone needs no build step. Plain JavaScript and few words of it: a shell may start this file with a
 *  Node too old for the rest, which then hands over to the Node among the dev dependencies. */

import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const ownNode = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));

if (suits(process.versions.node)) {
  await run();
} else if (existsSync(ownNode) && realpathSync(ownNode) !== realpathSync(process.execPath)) {
  handOver();
} else {
  console.error(
    `stocktake needs Node 22.19 or a later 22, or Node 24 or later; this is Node ${process.versions.node}.\n` +
      'Install one of them, or run `npm ci` in a clone of stocktake: that brings the right Node along.',
  );
  process.exitCode = 1;
}

/** The same answer as `engines` in package.json. */
function suits(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major >= 24 || (major === 22 && minor >= 19);
}

async function run() {
  const built = new URL('../dist/cli/main.js', import.meta.url);
  const source = new URL('../src/cli/main.ts', import.meta.url);
  const { main } = await import((existsSync(built) ? built : source).href);
  process.exitCode = await main(process.argv.slice(2));
}

/** Runs this file again with the right Node, and ends as that process ends. Signals are passed on,
 *  so that `serve` drains no matter which of the two processes was told to stop. */
function handOver() {
  const script = fileURLToPath(import.meta.url);
  const child = spawn(ownNode, [...process.execArgv, script, ...process.argv.slice(2)], { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const passOn = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, passOn);

  child.on('error', (error) => {
    console.error(`stocktake could not start ${ownNode}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    for (const name of signals) process.off(name, passOn);
    if (signal === null) {
      process.exitCode = code ?? 1;
    } else {
      process.exitCode = 128 + constants.signals[signal];
      process.kill(process.pid, signal);
    }
  });
}
