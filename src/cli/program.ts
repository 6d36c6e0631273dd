/** The commands under one program, with what all of them share. */

import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addBucketCommands } from './bucket.ts';
import { addImportCommand } from './import.ts';
import { addReportCommands } from './report.ts';
import { addRuleCommands } from './rule.ts';
import { addRunCommands } from './run.ts';
import { addServeCommand } from './serve.ts';
import { addVerifyCommand } from './verify.ts';

export function createProgram(): Command {
  const program = new Command('stocktake')
    .description("Bucket inventories: Alibaba Cloud OSS's PutBucketInventory for your own storage.")
    .version(version(), '--version', 'print the version')
    .showHelpAfterError('(add --help for usage and examples)')
    .helpCommand(false)
    .exitOverride();
  addServeCommand(program);
  addImportCommand(program);
  addBucketCommands(program);
  addRuleCommands(program);
  addRunCommands(program);
  addReportCommands(program);
  addVerifyCommand(program);
  program.addHelpText(
    'after',
    `
A first inventory, with "stocktake serve" running in another terminal:
  $ stocktake bucket create photos
  $ stocktake bucket create reports
  $ stocktake import photos ~/Pictures
  $ stocktake rule put photos rule.xml
  $ stocktake run watch photos nightly
  $ stocktake report get photos nightly --out reports`,
  );
  return program;
}

/** package.json stands two folders above this file, as source and built. */
function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return String(version);
}
