/** The commands under one program, with what all of them share. */

import { Command, Help, type Option } from 'commander';
import { stocktakeVersion } from '../version.ts';
import { addAccessCommands } from './access.ts';
import { addBucketCommands } from './bucket.ts';
import { addClockCommands } from './clock.ts';
import { addImportCommand } from './import.ts';
import { addKeyCommands } from './key.ts';
import { addReportCommands } from './report.ts';
import { addRuleCommands } from './rule.ts';
import { addRunCommands } from './run.ts';
import { addServeCommand } from './serve.ts';
import { addStoreCommands } from './store.ts';
import { addVerifyCommand } from './verify.ts';
import { addWebhookCommands } from './webhook.ts';

export function createProgram(): Command {
  const program = new Command('stocktake')
    .description("Bucket inventories: Alibaba Cloud OSS's PutBucketInventory for your own storage.")
    .version(stocktakeVersion(), '--version', 'print the version')
    .showHelpAfterError('(add --help for usage and examples)')
    .helpCommand(false)
    .configureHelp({ optionDescription })
    .exitOverride();
  addServeCommand(program);
  addImportCommand(program);
  addBucketCommands(program);
  addRuleCommands(program);
  addRunCommands(program);
  addReportCommands(program);
  addVerifyCommand(program);
  addAccessCommands(program);
  addKeyCommands(program);
  addWebhookCommands(program);
  addStoreCommands(program);
  addClockCommands(program);
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

const help = new Help();

/** Without the default of switches: that one which is not given is off tells nobody anything. */
function optionDescription(option: Option): string {
  return option.defaultValue === false ? option.description : help.optionDescription(option);
}
