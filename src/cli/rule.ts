import type { Command } from 'commander';
import { child, childrenNamed, childText, parseXml, renderXml, type XmlElement } from '../core/xml.ts';
import { printJson, printTable, say } from './output.ts';
import { readInput } from './read-input.ts';
import { fromJson, toJson } from './rule-json.ts';
import {
  collect,
  type ServerClient,
  ServerError,
  type ServerFlags,
  type ServerRequest,
  withClient,
} from './server-client.ts';
import { withServerOptions } from './server-options.ts';
import { safeXml } from './terminal-text.ts';

interface Flags extends ServerFlags {
  readonly json: boolean;
}

const RULE_LIMITS = { maxBytes: 64 * 1024, maxDepth: 16, maxElements: 1000 };

export function addRuleCommands(program: Command): void {
  const rule = program.command('rule').description('put, get, list and delete inventory rules').helpCommand(false);
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

interface PutFlags extends Flags {
  readonly replace: boolean;
  readonly dryRun: boolean;
}

async function put(bucket: string, file: string, flags: PutFlags): Promise<void> {
  const source = await readInput(file, 'the rule');
  const isXml = source.toString('utf8', 0, 200).trimStart().startsWith('<');
  const body = isXml ? source : Buffer.from(renderXml(fromJson(source.toString())));
  const id = ruleIdOf(body);
  const headers = {
    'content-type': 'application/xml',
    ...(flags.replace && { 'x-oss-stocktake-replace': 'true' }),
    ...(flags.dryRun && { 'x-oss-stocktake-dry-run': 'true' }),
  };
  const request = { method: 'PUT', bucket, query: { inventory: undefined, inventoryId: id }, headers, body } as const;
  if (flags.dryRun) return await tell(request, flags);
  try {
    await withClient(flags, (client) => client.sendForNothing(request));
  } catch (error) {
    if (!(error instanceof ServerError && error.code === 'InventoryAlreadyExist')) throw error;
    const advice = `Replace it with: stocktake rule put ${bucket} ${file} --replace`;
    throw new Error(`${error.message} It is the rule "${id}" of the bucket "${bucket}". ${advice}`, { cause: error });
  }
  if (flags.json) printJson({ bucket, rule: id });
  else say(`Rule "${id}" of bucket "${bucket}" is stored. See its runs with: stocktake run list ${bucket} ${id}`);
}

/** A dry run, as the server answers it. */
interface DryRun {
  readonly bucket: string;
  readonly rule: string;
  readonly isAccepted: boolean;
  readonly findings: readonly { readonly code: string; readonly message: string }[];
  readonly effects: readonly string[];
}

async function tell(request: ServerRequest, flags: Flags): Promise<void> {
  const answer = await withClient(flags, (client) => client.sendForJson<DryRun>(request));
  const { bucket, rule, isAccepted, findings, effects } = answer;
  if (!isAccepted) process.exitCode = 1;
  if (flags.json) return printJson(answer);
  const verdict = isAccepted ? 'would be accepted' : 'would be refused';
  say(`Rule "${rule}" of bucket "${bucket}" ${verdict}; nothing was stored.`);
  for (const { code, message } of findings) say(`WRONG  ${code}: ${message}`);
  if (!isAccepted) say('Were that mended:');
  for (const effect of effects) say(`  ${effect}`);
}

/** The id goes into the request's address too. What can't be read here the server refuses, in better words. */
function ruleIdOf(body: Buffer): string {
  try {
    return childText(parseXml(body, RULE_LIMITS), 'Id') ?? '';
  } catch {
    return '';
  }
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
