import type { Command } from 'commander';
import type { PolicyView } from '../core/access-entities.ts';
import { type AccessClient, type AccessFlags, withAccess, withAccountOptions } from './access-client.ts';
import { collectValues } from './access-options.ts';
import { formatMinute, note, printFacts, printJson, printTable, say } from './output.ts';
import { readDocument } from './read-input.ts';
import { formatJson } from './terminal-text.ts';
import { UsageError } from './usage-error.ts';

export function addPolicyCommands(access: Command): void {
  const policy = access.command('policy').description('the policies of an account').helpCommand(false);
  withAccountOptions(policy.command('put <name> [file]'))
    .description('store a policy, over the one of that name if there is one')
    .option('--allow <actions>', 'instead of a file: allow these, comma-separated; may be given again', collectValues)
    .option('--on <resource>', 'what they are allowed on; may be given again', collectValues)
    .option('--description <text>', 'what it is for')
    .addHelpText(
      'after',
      `
The file holds a policy in JSON or YAML ("-" is standard input). Without one, --allow and --on say it: a resource is a
bucket (photos), keys of one (photos/2026/*), "*", or a whole acs:... A bucket's name says nothing about its objects,
and photos/* nothing about the bucket.

Examples:
  $ stocktake access policy put rules-of-photos --allow 'oss:*BucketInventory' --on photos
  $ stocktake access policy put read-photos --allow oss:ListObjects,oss:GetObject --on photos --on 'photos/*'
  $ stocktake access policy put night-watch policy.yaml --description "reads at night"`,
    )
    .action(put);
  withAccountOptions(policy.command('list'))
    .description("list the policies, the account's own and those of the system")
    .addHelpText('after', '\nExample:\n  $ stocktake access policy list')
    .action(list);
  withAccountOptions(policy.command('show <name>'))
    .description('show one policy, and who has it')
    .addHelpText('after', '\nExample:\n  $ stocktake access policy show rules-of-photos')
    .action((name: string, flags: AccessFlags) => show(flags, (access) => access.get('policies', name)));
  withAccountOptions(policy.command('delete <name>'))
    .description('delete a policy that nobody has')
    .addHelpText('after', '\nExample:\n  $ stocktake access policy delete rules-of-photos')
    .action(remove);
}

interface PutFlags extends AccessFlags {
  readonly allow?: readonly string[];
  readonly on?: readonly string[];
  readonly description?: string;
}

/** What the server answers to a policy that is put. */
interface StoredPolicy extends PolicyView {
  /** What in it does nothing. */
  readonly warnings: readonly string[];
}

async function put(
  name: string,
  file: string | undefined,
  { allow = [], on = [], description, ...flags }: PutFlags,
): Promise<void> {
  const document = await documentOf(file, allow, on);
  const { warnings, ...policy } = await withAccess(flags, (access) =>
    access.put<StoredPolicy>(['policies', name], { document, description }),
  );
  print(policy, flags);
  for (const warning of warnings) note(`warning: ${warning}`);
}

async function documentOf(file: string | undefined, allow: readonly string[], on: readonly string[]): Promise<unknown> {
  if (file !== undefined && allow.length + on.length === 0) return await readDocument(file, 'the policy');
  if (file !== undefined || allow.length === 0 || on.length === 0) {
    throw new UsageError('Either a file with the policy is expected, or both --allow and --on.');
  }
  const actions = allow.flatMap((each) => each.split(','));
  return { Version: '1', Statement: [{ Effect: 'Allow', Action: actions, Resource: on.map(resourceOf) }] };
}

/** A bucket, or keys of one, in any region and of any account, as policies name it. */
function resourceOf(text: string): string {
  return text === '*' || text.startsWith('acs:') ? text : `acs:oss:*:*:${text}`;
}

async function list(flags: AccessFlags): Promise<void> {
  const policies = await withAccess(flags, (access) => access.list<PolicyView>('policies'));
  if (flags.json) {
    printJson({ policies });
    return;
  }
  printTable(
    ['POLICY', 'KIND', 'UPDATED', 'USERS', 'ROLES', 'DESCRIPTION'],
    policies.map(({ name, kind, updatedAt, attachedTo, description }) => [
      name,
      kind,
      updatedAt === null ? '' : formatMinute(updatedAt),
      String(attachedTo.users.length),
      String(attachedTo.roles.length),
      description,
    ]),
  );
}

/** Shows the policy that the server answers with. */
async function show(flags: AccessFlags, ask: (access: AccessClient) => Promise<PolicyView>): Promise<void> {
  print(await withAccess(flags, ask), flags);
}

function print(policy: PolicyView, flags: AccessFlags): void {
  if (flags.json) printJson(policy);
  else describe(policy);
}

function describe({ name, kind, description, attachedTo, updatedAt, document }: PolicyView): void {
  say(`Policy "${name}" (${kind}).`);
  printFacts([
    ['description', description || null],
    ['users', attachedTo.users.join(', ') || null],
    ['roles', attachedTo.roles.join(', ') || null],
    ['updated', updatedAt && formatMinute(updatedAt)],
  ]);
  say(formatJson(document, 2));
}

async function remove(name: string, flags: AccessFlags): Promise<void> {
  await withAccess(flags, (access) => access.delete(['policies', name]));
  if (flags.json) printJson({ policy: name });
  else say(`Policy "${name}" is gone.`);
}
