import type { Command } from 'commander';
import type { AccountView } from '../core/access-entities.ts';
import { type AccessClient, type AccessFlags, withAccess } from './access-client.ts';
import { addKeyCommands } from './access-key.ts';
import { formatMinute, printFacts, printJson, printTable, say } from './output.ts';
import { withServerOptions } from './server-options.ts';

export function addAccountCommands(access: Command): void {
  const account = access
    .command('account')
    .description("accounts, each an owner of buckets; for the server's own account")
    .helpCommand(false);
  withServerOptions(account.command('create <name>'))
    .description('make an account; it gets an id of its own')
    .addHelpText('after', '\nExample:\n  $ stocktake access account create research')
    .action(create);
  withServerOptions(account.command('list'))
    .description('list the accounts')
    .addHelpText('after', '\nExample:\n  $ stocktake access account list')
    .action(list);
  withServerOptions(account.command('show <account>'))
    .description('show one account')
    .addHelpText('after', '\nExample:\n  $ stocktake access account show 1234567890123456')
    .action((id: string, flags: AccessFlags) => show(flags, (access) => access.get('accounts', id)));
  withServerOptions(account.command('enable <account>'))
    .description('let the keys of a disabled account sign again')
    .addHelpText('after', '\nExample:\n  $ stocktake access account enable 1234567890123456')
    .action((id: string, flags: AccessFlags) => show(flags, (access) => access.post(['accounts', id, 'enable'])));
  withServerOptions(account.command('disable <account>'))
    .description('refuse all that an account and its users ask, at once')
    .addHelpText('after', '\nExample:\n  $ stocktake access account disable 1234567890123456')
    .action((id: string, flags: AccessFlags) => show(flags, (access) => access.post(['accounts', id, 'disable'])));
  withServerOptions(account.command('delete <account>'))
    .description('delete an account that owns nothing any more; its id is not given again')
    .addHelpText('after', '\nExample:\n  $ stocktake access account delete 1234567890123456')
    .action(remove);
  addKeyCommands(account.command('key').description('the access keys of an account itself').helpCommand(false), {
    argument: 'account',
    example: 'stocktake access account key VERB 1234567890123456',
    path: (id) => ['accounts', id],
  });
}

async function list(flags: AccessFlags): Promise<void> {
  const accounts = await withAccess(flags, (access) => access.list<AccountView>('accounts'));
  if (flags.json) {
    printJson({ accounts });
    return;
  }
  printTable(
    ['ACCOUNT', 'NAME', 'STATE', 'KEYS', 'CREATED'],
    accounts.map(({ id, name, state, isServerAccount, accessKeys, createdAt }) => [
      isServerAccount ? `${id} (the server's)` : id,
      name,
      state,
      String(accessKeys.length),
      formatMinute(createdAt),
    ]),
  );
}

async function create(name: string, flags: AccessFlags): Promise<void> {
  const account = await withAccess(flags, (access) => access.post<AccountView>(['accounts'], { name }));
  print(account, flags);
  if (flags.json) return;
  const command = `stocktake access role create ROLE --account ${account.id} --trust oss.aliyuncs.com --policy POLICY`;
  say(`It has no role yet, and rules write their reports with one. To make one: ${command}`);
}

/** Shows the account that the server answers with. */
async function show(flags: AccessFlags, ask: (access: AccessClient) => Promise<AccountView>): Promise<void> {
  print(await withAccess(flags, ask), flags);
}

function print(account: AccountView, flags: AccessFlags): void {
  if (flags.json) {
    printJson(account);
    return;
  }
  say(`Account ${account.id} is ${account.state}.`);
  printFacts([
    ['name', account.name],
    ['administers', account.isServerAccount ? "the server, and every other account: it is the server's own" : null],
    ['access keys', account.accessKeys.map(({ id, state }) => `${id} (${state})`).join(', ') || noKeyOf(account)],
    ['created', formatMinute(account.createdAt)],
  ]);
}

function noKeyOf({ id, isServerAccount }: AccountView): string {
  if (isServerAccount) return 'none besides its root key';
  return `none; to make one: stocktake access account key create ${id}`;
}

async function remove(id: string, flags: AccessFlags): Promise<void> {
  await withAccess(flags, (access) => access.delete(['accounts', id]));
  if (flags.json) printJson({ account: id });
  else say(`Account ${id} is gone.`);
}
