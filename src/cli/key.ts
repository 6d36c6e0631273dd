import { type Command, Option } from 'commander';
import { DELETION_DAYS, KEY_SPECS, type KeyPage, type KeyView, MAX_KEYS_PAGE } from '../core/encryption-key.ts';
import { formatMinute, printFacts, printJson, printTable, say } from './output.ts';
import { type ServerClient, type ServerFlags, withClient } from './server-client.ts';
import { withServerOptions } from './server-options.ts';
import { wholeNumber } from './usage-error.ts';

interface Flags extends ServerFlags {
  readonly json: boolean;
}

export function addKeyCommands(program: Command): void {
  const key = program.command('key').description('make, disable and delete encryption keys').helpCommand(false);
  withServerOptions(key.command('create [id]'))
    .description('make a key for SSE-KMS; one without an id gets one of its own')
    .option('--description <text>', 'what it is for')
    .addOption(new Option('--spec <spec>', 'only a symmetric key encrypts').choices(KEY_SPECS).default(KEY_SPECS[0]))
    .addHelpText('after', '\nExample:\n  $ stocktake key create photos --description "for the photos"')
    .action(create);
  withServerOptions(key.command('list'))
    .description('list the keys')
    .addHelpText('after', '\nExample:\n  $ stocktake key list')
    .action(list);
  withServerOptions(key.command('show <id>'))
    .description('show one key')
    .addHelpText('after', '\nExample:\n  $ stocktake key show photos --json')
    .action((id: string, flags: Flags) => show(flags, (client) => client.sendForAdmin({ path: `keys/${id}` })));
  withServerOptions(key.command('disable <id>'))
    .description('stop all use of a key at once; what is encrypted under it can be read when it is enabled again')
    .addHelpText('after', '\nExample:\n  $ stocktake key disable photos')
    .action((id: string, flags: Flags) => show(flags, (client) => act(client, id, 'disable')));
  withServerOptions(key.command('enable <id>'))
    .description('let a disabled key be used again')
    .addHelpText('after', '\nExample:\n  $ stocktake key enable photos')
    .action((id: string, flags: Flags) => show(flags, (client) => act(client, id, 'enable')));
  withServerOptions(key.command('schedule-deletion <id>'))
    .description('delete a key after some days, in which it can not be used and its deletion can be cancelled')
    .option('--days <n>', `from ${DELETION_DAYS.min} to ${DELETION_DAYS.max}`, String(DELETION_DAYS.default))
    .addHelpText(
      'after',
      `
When the days are over, the key is destroyed, and every object and report that is encrypted under it is lost: nobody
can read it again, from no backup of the data either. Its id is not given again.

Example:
  $ stocktake key schedule-deletion photos --days 7`,
    )
    .action(scheduleDeletion);
  withServerOptions(key.command('cancel-deletion <id>'))
    .description('keep a key that was to be deleted; it is enabled again')
    .addHelpText('after', '\nExample:\n  $ stocktake key cancel-deletion photos')
    .action((id: string, flags: Flags) => show(flags, (client) => act(client, id, 'cancel-deletion')));
}

async function create(
  id: string | undefined,
  { spec, description, ...flags }: Flags & { readonly spec: string; readonly description?: string },
): Promise<void> {
  const body = JSON.stringify({ id, description, spec });
  await show(flags, (client) => client.sendForAdmin({ method: 'POST', path: 'keys', body }));
}

async function scheduleDeletion(id: string, { days, ...flags }: Flags & { readonly days: string }): Promise<void> {
  const body = JSON.stringify({ days: wholeNumber(days, '--days', DELETION_DAYS) });
  await show(flags, (client) => act(client, id, 'schedule-deletion', body));
}

async function act(client: ServerClient, id: string, verb: string, body = '{}'): Promise<KeyView> {
  return await client.sendForAdmin({ method: 'POST', path: `keys/${id}/${verb}`, body });
}

async function list(flags: Flags): Promise<void> {
  const keys = await withClient(flags, listKeys);
  if (flags.json) {
    printJson({ keys });
  } else if (keys.length === 0) {
    say('There is no key yet. Make one with "stocktake key create"; SSE-KMS without a key id makes the default one.');
  } else {
    printTable(
      ['KEY', 'STATE', 'SPEC', 'CREATED', 'DELETED AT', 'DESCRIPTION'],
      keys.map((key) => [
        key.isDefault ? `${key.id} (default)` : key.id,
        key.state,
        key.spec,
        formatMinute(key.createdAt),
        key.deletionAt === null ? '' : formatMinute(key.deletionAt),
        key.description,
      ]),
    );
  }
}

async function listKeys(client: ServerClient): Promise<KeyView[]> {
  const keys: KeyView[] = [];
  let after: string | null = '';
  while (after !== null) {
    const query = { limit: String(MAX_KEYS_PAGE), after };
    const page: KeyPage = await client.sendForAdmin<KeyPage>({ path: 'keys', query });
    keys.push(...page.keys);
    after = page.nextAfter;
  }
  return keys;
}

/** Shows the key that the server answers with. */
async function show(flags: Flags, ask: (client: ServerClient) => Promise<KeyView>): Promise<void> {
  const key = await withClient(flags, ask);
  if (flags.json) {
    printJson(key);
    return;
  }
  say(`Key "${key.id}" ${STATES[key.state]}.`);
  printFacts([
    ['description', key.description || null],
    ['spec', key.spec],
    ['default', key.isDefault ? 'yes: SSE-KMS without a key id uses it' : null],
    ['created', formatMinute(key.createdAt)],
    ['deleted at', key.deletionAt && formatMinute(key.deletionAt)],
  ]);
  if (key.deletionAt !== null) {
    say(`What is encrypted under it is lost then. To keep it: stocktake key cancel-deletion ${key.id}`);
  }
}

const STATES: Readonly<Record<KeyView['state'], string>> = {
  enabled: 'is enabled',
  disabled: 'is disabled: what is encrypted under it can not be read',
  pendingDeletion: 'is to be deleted, and can not be used',
};
