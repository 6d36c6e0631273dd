import type { Command } from 'commander';
import type { NewAccessKeyView, UserView } from '../core/access-entities.ts';
import { type AccessClient, type AccessFlags, withAccess, withAccountOptions } from './access-client.ts';
import { addDeleteCommand } from './access-delete.ts';
import { sayNewKey } from './access-key.ts';
import { collectValues } from './access-options.ts';
import { orUndo } from './access-undo.ts';
import { formatMinute, printFacts, printJson, printTable, say } from './output.ts';

export function addUserCommands(access: Command): void {
  const user = access.command('user').description('the users of an account').helpCommand(false);
  withAccountOptions(user.command('create <name>'))
    .description('make a user, who may nothing but what policies allow')
    .option('--description <text>', 'who it is')
    .option('--policy <name>', 'attach this policy; may be given again', collectValues)
    .option('--key', 'make an access key too, and show it this once', false)
    .addHelpText('after', '\nExample:\n  $ stocktake access user create anna --policy rules-of-photos --key')
    .action(create);
  withAccountOptions(user.command('list'))
    .description('list the users')
    .addHelpText('after', '\nExample:\n  $ stocktake access user list')
    .action(list);
  withAccountOptions(user.command('show <name>'))
    .description('show one user, with the policies and access keys that it has')
    .addHelpText('after', '\nExample:\n  $ stocktake access user show anna --json')
    .action((name: string, flags: AccessFlags) => show(flags, (access) => access.get('users', name)));
  withAccountOptions(user.command('enable <name>'))
    .description('let a disabled user act again')
    .addHelpText('after', '\nExample:\n  $ stocktake access user enable anna')
    .action((name: string, flags: AccessFlags) => show(flags, (access) => access.post(['users', name, 'enable'])));
  withAccountOptions(user.command('disable <name>'))
    .description('refuse all that a user asks, at once; its keys stay')
    .addHelpText('after', '\nExample:\n  $ stocktake access user disable anna')
    .action(disable);
  addDeleteCommand(user, {
    kind: 'user',
    description: 'delete a user for good',
    holds: 'its access keys and whatever is attached',
    example: 'anna',
    after: '',
  });
}

interface CreateFlags extends AccessFlags {
  readonly description?: string;
  readonly policy?: readonly string[];
  readonly key: boolean;
}

async function create(name: string, { description, policy = [], key, ...flags }: CreateFlags): Promise<void> {
  const { user, newKey } = await withAccess(flags, async (access) => {
    let user = await access.post<UserView>(['users'], { name, description });
    const undo = () => access.delete(['users', name], { force: 'true' });
    const command = `stocktake access user delete ${name} --force`;
    return await orUndo({ what: `user "${name}"`, undo, command }, async () => {
      for (const each of policy) user = await access.put<UserView>(['users', name, 'policies', each]);
      if (!key) return { user };
      const newKey = await access.post<NewAccessKeyView>(['users', name, 'keys']);
      const { secret: _, ...shown } = newKey;
      return { user: { ...user, accessKeys: [shown] }, newKey };
    });
  });
  if (flags.json) {
    printJson({ ...user, ...(newKey !== undefined && { newAccessKey: newKey }) });
    return;
  }
  describe(user);
  if (newKey !== undefined) sayNewKey(`user "${name}"`, newKey);
}

async function list(flags: AccessFlags): Promise<void> {
  const users = await withAccess(flags, (access) => access.list<UserView>('users'));
  if (flags.json) {
    printJson({ users });
  } else if (users.length === 0) {
    say('The account has no user yet. Make one with: stocktake access user create NAME');
  } else {
    printTable(
      ['USER', 'STATE', 'KEYS', 'CREATED', 'POLICIES', 'DESCRIPTION'],
      users.map(({ name, state, accessKeys, createdAt, policies, description }) => [
        name,
        state,
        String(accessKeys.length),
        formatMinute(createdAt),
        policies.join(', '),
        description,
      ]),
    );
  }
}

/** Shows the user that the server answers with. */
async function show(flags: AccessFlags, ask: (access: AccessClient) => Promise<UserView>): Promise<void> {
  const user = await withAccess(flags, ask);
  if (flags.json) printJson(user);
  else describe(user);
}

async function disable(name: string, flags: AccessFlags): Promise<void> {
  await show(flags, (access) => access.post(['users', name, 'disable']));
  if (!flags.json) say(SESSIONS_GO_ON);
}

/** A session belongs to the role, and nobody keeps a list of who opened which. */
const SESSIONS_GO_ON =
  'Sessions of roles that it opened go on until their time is over. To end all of a role: stocktake access role delete ROLE --force';

function describe(user: UserView): void {
  say(`User "${user.name}" is ${user.state}.`);
  printFacts([
    ['arn', user.arn],
    ['id', user.id],
    ['description', user.description || null],
    ['policies', user.policies.join(', ') || 'none: it may do nothing'],
    ['access keys', user.accessKeys.map(({ id, state }) => `${id} (${state})`).join(', ') || 'none'],
    ['created', formatMinute(user.createdAt)],
  ]);
}
