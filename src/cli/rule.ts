import { type Command, Option } from 'commander';
import { child, childrenNamed, childText, parseXml, type XmlElement } from '../core/xml.ts';
import { printJson, printTable, say } from './output.ts';
import { RULE_LIMITS, toJson } from './rule-json.ts';
import { changeOptions } from './rule-options.ts';
import { put } from './rule-put.ts';
import { showStatus, switchTo } from './rule-state.ts';
import { collect, type ServerClient, ServerError, type ServerFlags, withClient } from './server-client.ts';
import { withServerOptions } from './server-options.ts';
import { safeXml } from './terminal-text.ts';

interface Flags extends ServerFlags {
  readonly json: boolean;
}

export function addRuleCommands(program: Command): void {
  const rule = program
    .command('rule')
    .description('put, get, list and delete inventory rules, switch them on and off, and see how they fare')
    .helpCommand(false);
  addDocumentCommands(rule);
  addStateCommands(rule);
}

/** About the rule as a document. */
function addDocumentCommands(rule: Command): void {
  withServerOptions(rule.command('put <bucket> <file>'))
    .description('store a rule from a file in XML or JSON ("-" is standard input)')
    .option('--replace', 'replace a rule of the same id, in one step', false)
    .option('--dry-run', 'store nothing; tell what would happen, and all that is in the way', false)
    .addHelpText(
      'after',
      `
JSON has the names of the XML elements, as in {"Id": "nightly", "IsEnabled": true, "Destination": {...}}.
An enabled rule runs at once when it is put for the first time.

Examples:
  $ stocktake rule put photos nightly.xml
  $ stocktake rule put photos nightly.json --replace
  $ stocktake rule put photos nightly.xml --dry-run    # exits 1 when the rule would be refused`,
    )
    .action(put);
  withServerOptions(rule.command('get <bucket> <rule>'))
    .description('show a rule, as XML or JSON')
    .addHelpText('after', '\nExample:\n  $ stocktake rule get photos nightly --json > nightly.json')
    .action(get);
  withServerOptions(rule.command('list <bucket>'))
    .description('list the rules of a bucket')
    .addHelpText('after', '\nExample:\n  $ stocktake rule list photos')
    .action(list);
  withServerOptions(rule.command('delete <bucket> <rule>'))
    .description('delete a rule; the reports that it delivered stay')
    .addHelpText('after', '\nExample:\n  $ stocktake rule delete photos nightly')
    .action(remove);
}

/** About what becomes of the rule. */
function addStateCommands(rule: Command): void {
  withServerOptions(rule.command('status <bucket> <rule>'))
    .description('tell when a rule is due next, and how its last run and its last report are')
    .addHelpText('after', '\nExample:\n  $ stocktake rule status photos nightly')
    .action(showStatus);
  withServerOptions(rule.command('enable <bucket> <rule>'))
    .description('let a rule run at its due times; those that passed meanwhile are not made up for')
    .addHelpText('after', '\nExample:\n  $ stocktake rule enable photos nightly')
    .action(switchTo('enable'));
  withServerOptions(rule.command('disable <bucket> <rule>'))
    .description('keep a rule from running, and cancel its run under way')
    .addHelpText('after', '\nExample:\n  $ stocktake rule disable photos nightly')
    .action(switchTo('disable'));
  withServerOptions(rule.command('options <bucket> <rule>'))
    .description("show what stays of a rule's reports, or change it")
    .option('--keep-reports <n>', 'remove all but the newest so many')
    .option('--keep-days <n>', 'remove those that are older than so many days')
    .option('--keep-all', 'remove none')
    .addOption(new Option('--latest <on|off>', 'keep latest.json beside the reports').choices(['on', 'off']))
    .addHelpText(
      'after',
      `
The newest report always stays. What is not named stays as it is.

Examples:
  $ stocktake rule options photos nightly
  $ stocktake rule options photos nightly --keep-reports 30`,
    )
    .action(changeOptions);
}

async function get(bucket: string, id: string, flags: Flags): Promise<void> {
  const query = { inventory: undefined, inventoryId: id };
  const body = await withClient(flags, async (client) =>
    collect((await client.send({ method: 'GET', bucket, query })).body),
  );
  if (flags.json) printJson(toJson(parseXml(body, RULE_LIMITS)));
  else process.stdout.write(safeXml(body.toString()));
}

async function list(bucket: string, flags: Flags): Promise<void> {
  const rules = await withClient(flags, (client) => listRules(client, bucket));
  if (flags.json) printJson({ rules: rules.map(toJson) });
  else if (rules.length === 0) say('The bucket has no rule yet. Put one with "stocktake rule put BUCKET FILE".');
  else printTable(['RULE', 'ENABLED', 'FREQUENCY', 'VERSIONS', 'PREFIX', 'DESTINATION'], rules.map(toRow));
}

async function listRules(client: ServerClient, bucket: string): Promise<XmlElement[]> {
  const rules: XmlElement[] = [];
  try {
    let token: string | undefined = '';
    while (token !== undefined) {
      const query = { inventory: undefined, ...(token !== '' && { 'continuation-token': token }) };
      const page: XmlElement = await client.sendForXml({ method: 'GET', bucket, query });
      rules.push(...childrenNamed(page, 'InventoryConfiguration'));
      token = childText(page, 'NextContinuationToken');
    }
  } catch (error) {
    // The wire's way of saying that there is none.
    if (!(error instanceof ServerError && error.code === 'NoSuchInventory')) throw error;
  }
  return rules;
}

function toRow(rule: XmlElement): string[] {
  const at = (...names: string[]): string => {
    let element: XmlElement | undefined = rule;
    for (const name of names) element = element === undefined ? undefined : child(element, name);
    return element?.text ?? '';
  };
  const destination = ['Destination', 'OSSBucketDestination'];
  return [
    at('Id'),
    at('IsEnabled'),
    at('Schedule', 'Frequency'),
    at('IncludedObjectVersions'),
    at('Filter', 'Prefix'),
    [at(...destination, 'Bucket').replace('acs:oss:::', ''), at(...destination, 'Prefix')].filter(Boolean).join('/'),
  ];
}

async function remove(bucket: string, id: string, flags: Flags): Promise<void> {
  const query = { inventory: undefined, inventoryId: id };
  await withClient(flags, (client) => client.sendForNothing({ method: 'DELETE', bucket, query }));
  if (flags.json) printJson({ bucket, rule: id });
  else say(`Rule "${id}" of bucket "${bucket}" is gone. Reports that it delivered stay.`);
}
