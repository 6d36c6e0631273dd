import type { Command } from 'commander';
import type { RoleView } from '../core/access-entities.ts';
import { type AccessClient, type AccessFlags, withAccess, withAccountOptions } from './access-client.ts';
import { addDeleteCommand } from './access-delete.ts';
import { collectValues, SECONDS } from './access-options.ts';
import { orUndo } from './access-undo.ts';
import { formatMinute, printFacts, printJson, printTable, say } from './output.ts';
import { readDocument } from './read-input.ts';
import { hasStatus } from './server-client.ts';
import { formatJson } from './terminal-text.ts';
import { wholeNumber } from './usage-error.ts';

/** Of services, as in `oss.aliyuncs.com`; whatever else `--trust` names is a file. */
const SERVICE = /^[a-z0-9.-]+\.aliyuncs\.com$/;

export function addRoleCommands(access: Command): void {
  const role = access.command('role').description('the roles of an account').helpCommand(false);
  withAccountOptions(role.command('create <name>'))
    .description('make a role, which rules and sessions act with')
    .requiredOption('--trust <service|file>', 'who may assume it: a service, or a trust policy in JSON or YAML')
    .option('--description <text>', 'what it is for')
    .option('--max-session <seconds>', 'the longest that a session may last')
    .option('--policy <name>', 'attach this policy; may be given again', collectValues)
    .addHelpText(
      'after',
      `
Examples:
  $ stocktake access role create inventory-writer --trust oss.aliyuncs.com --policy write-inventory
  $ stocktake access role create auditor --trust trust.json --max-session 7200 --policy AliyunOSSReadOnlyAccess`,
    )
    .action(create);
  withAccountOptions(role.command('list'))
    .description('list the roles')
    .addHelpText('after', '\nExample:\n  $ stocktake access role list')
    .action(list);
  withAccountOptions(role.command('show <name>'))
    .description('show one role, with its trust policy and the policies that it has')
    .addHelpText('after', '\nExample:\n  $ stocktake access role show inventory-writer')
    .action(show);
  addDeleteCommand(role, {
    kind: 'role',
    description: 'delete a role for good; its sessions end, and runs that act with it fail',
    holds: 'whatever is attached',
    example: 'inventory-writer',
    after: ' Its sessions have ended, and runs of rules that name it fail.',
  });
}

interface CreateFlags extends AccessFlags {
  readonly trust: string;
  readonly description?: string;
  readonly maxSession?: string;
  readonly policy?: readonly string[];
}

async function create(
  name: string,
  { trust, description, maxSession, policy = [], ...flags }: CreateFlags,
): Promise<void> {
  const body = {
    trust: SERVICE.test(trust) ? trust : await readDocument(trust, 'the trust policy'),
    description,
    maxSessionSeconds: maxSession === undefined ? undefined : wholeNumber(maxSession, '--max-session', SECONDS),
  };
  const role = await withAccess(flags, async (access) => {
    await assertNew(access, name);
    let role = await access.put<RoleView>(['roles', name], body);
    const undo = () => access.delete(['roles', name], { force: 'true' });
    const command = `stocktake access role delete ${name} --force`;
    return await orUndo({ what: `role "${name}"`, undo, command }, async () => {
      for (const each of policy) role = await access.put<RoleView>(['roles', name, 'policies', each]);
      return role;
    });
  });
  if (flags.json) printJson(role);
  else describe(role);
}

/** The API puts roles, and would change one that is there. */
async function assertNew(access: AccessClient, name: string): Promise<void> {
  try {
    await access.get('roles', name);
  } catch (error) {
    if (hasStatus(error, 404)) return;
    throw error;
  }
  throw new Error(`There is a role "${name}" already. To change it, apply a document: stocktake access apply --help`);
}

async function list(flags: AccessFlags): Promise<void> {
  const roles = await withAccess(flags, (access) => access.list<RoleView>('roles'));
  if (flags.json) {
    printJson({ roles });
  } else if (roles.length === 0) {
    say('The account has no role. Make one with: stocktake access role create NAME --trust oss.aliyuncs.com');
  } else {
    printTable(
      ['ROLE', 'CREATED', 'POLICIES', 'DESCRIPTION'],
      roles.map((role) => [role.name, formatMinute(role.createdAt), role.policies.join(', '), role.description]),
    );
  }
}

async function show(name: string, flags: AccessFlags): Promise<void> {
  const role = await withAccess(flags, (access) => access.get<RoleView>('roles', name));
  if (flags.json) printJson(role);
  else describe(role);
}

function describe(role: RoleView): void {
  say(`Role "${role.name}" of the account ${role.accountId}.`);
  printFacts([
    ['arn', role.arn],
    ['id', role.id],
    ['description', role.description || null],
    ['trust', formatJson(role.trust)],
    ['policies', role.policies.join(', ') || 'none: it may do nothing'],
    ['sessions', `of at most ${role.maxSessionSeconds} seconds`],
    ['created', formatMinute(role.createdAt)],
  ]);
}
