import type { Command } from 'commander';
import { ACCESS_LIMITS, type AccessKeyView, type NewAccessKeyView, type UserView } from '../core/access-entities.ts';
import { type AccessClient, type AccessFlags, withAccess, withAccountOptions } from './access-client.ts';
import { formatMinute, printJson, printTable, say } from './output.ts';
import { withServerOptions } from './server-options.ts';

export function addAccessKeyCommands(access: Command): void {
  const key = access.command('key').description('the access keys of a user').helpCommand(false);
  addKeyCommands(key, {
    argument: 'user',
    example: 'stocktake access key VERB anna',
    path: (user) => ['users', user],
  });
  withAccountOptions(key.command('list <user>'))
    .description('list the access keys of a user; secrets are not shown again')
    .addHelpText('after', '\nExample:\n  $ stocktake access key list anna')
    .action(list);
  withAccountOptions(key.command('rotate <user>'))
    .description('make a new access key, and disable the old one')
    .addHelpText(
      'after',
      `
The new key works before the old one is disabled. What still signs with the old key is refused from then on; should
something have been forgotten, enable the old key again, and delete it when nothing needs it any more.

Example:
  $ stocktake access key rotate anna`,
    )
    .action(rotate);
}

interface KeyHolder {
  readonly argument: 'user' | 'account';
  readonly example: string;
  readonly path: (holder: string) => readonly string[];
}

/** Commands that make, disable and delete the access keys of a user or an account. */
export function addKeyCommands(key: Command, { argument, example, path }: KeyHolder): void {
  const withOptions = argument === 'account' ? withServerOptions : withAccountOptions;
  const help = (verb: string) => `\nExample:\n  $ ${example.replace('VERB', verb)}`;
  withOptions(key.command(`create <${argument}>`))
    .description('make an access key, and show it this once')
    .addHelpText('after', help('create'))
    .action(async (holder: string, flags: AccessFlags) => {
      const made = await withAccess(flags, (access) => access.post<NewAccessKeyView>([...path(holder), 'keys']));
      if (flags.json) printJson(made);
      else sayNewKey(`${argument} "${holder}"`, made);
    });
  for (const [verb, what] of [
    ['enable', 'let a disabled access key sign again'],
    ['disable', 'refuse all that an access key signs, at once'],
  ] as const) {
    withOptions(key.command(`${verb} <${argument}> <key>`))
      .description(what)
      .addHelpText('after', `${help(verb)} LTAI5tExampleKey`)
      .action(async (holder: string, id: string, flags: AccessFlags) => {
        const changed = await withAccess(flags, (access) =>
          access.post<AccessKeyView>([...path(holder), 'keys', id, verb]),
        );
        if (flags.json) printJson(changed);
        else say(`Access key ${id} of ${argument} "${holder}" is ${changed.state}.`);
      });
  }
  withOptions(key.command(`delete <${argument}> <key>`))
    .description('delete an access key for good')
    .addHelpText('after', `${help('delete')} LTAI5tExampleKey`)
    .action(async (holder: string, id: string, flags: AccessFlags) => {
      await withAccess(flags, (access) => access.delete([...path(holder), 'keys', id]));
      if (flags.json) printJson({ [argument]: holder, accessKey: id });
      else say(`Access key ${id} of ${argument} "${holder}" is gone.`);
    });
}

/** The only place where a secret is shown to people: in lines that a shell takes. */
export function sayNewKey(holder: string, { id, secret }: NewAccessKeyView): void {
  say(`A new access key of ${holder}. The secret is shown this once; keep it now:`);
  say(`  export STOCKTAKE_ACCESS_KEY_ID=${id}`);
  say(`  export STOCKTAKE_ACCESS_KEY_SECRET=${secret}`);
}

async function list(user: string, flags: AccessFlags): Promise<void> {
  const { accessKeys } = await withAccess(flags, (access) => access.get<UserView>('users', user));
  if (flags.json) {
    printJson({ accessKeys });
  } else if (accessKeys.length === 0) {
    say(`User "${user}" has no access key. Make one with: stocktake access key create ${user}`);
  } else {
    printTable(
      ['ACCESS KEY', 'STATE', 'CREATED'],
      accessKeys.map(({ id, state, createdAt }) => [id, state, formatMinute(createdAt)]),
    );
  }
}

async function rotate(user: string, flags: AccessFlags): Promise<void> {
  const { made, old, failure } = await withAccess(flags, async (access) => {
    const { accessKeys } = await access.get<UserView>('users', user);
    assertRoom(user, accessKeys);
    const made = await access.post<NewAccessKeyView>(['users', user, 'keys']);
    return { made, ...(await disableOld(access, user, accessKeys[0])) };
  });
  // Whatever became of the old one: nobody can show the new key's secret again.
  if (flags.json) printJson({ newAccessKey: made, oldAccessKey: old ?? null });
  else sayNewKey(`user "${user}"`, made);
  if (failure !== undefined) {
    const why = failure instanceof Error ? failure.message : String(failure);
    const advice = `Disable it with: stocktake access key disable ${user} ${old?.id}`;
    throw new Error(`${why} The new key is made, but the old one is still enabled. ${advice}`, { cause: failure });
  }
  if (old !== undefined && !flags.json) {
    const advice = `When nothing needs it any more: stocktake access key delete ${user} ${old.id}`;
    say(`The old one, ${old.id}, is disabled. ${advice}`);
  }
}

interface Disabled {
  readonly old: AccessKeyView | undefined;
  readonly failure?: unknown;
}

async function disableOld(access: AccessClient, user: string, old: AccessKeyView | undefined): Promise<Disabled> {
  if (old === undefined) return { old };
  try {
    return { old: await access.post<AccessKeyView>(['users', user, 'keys', old.id, 'disable']) };
  } catch (failure) {
    return { old, failure };
  }
}

function assertRoom(user: string, accessKeys: readonly AccessKeyView[]): void {
  if (accessKeys.length < ACCESS_LIMITS.accessKeysPerUser) return;
  const unused = accessKeys.find(({ state }) => state === 'disabled')?.id ?? 'KEY';
  const all = accessKeys.map(({ id, state }) => `${id} (${state})`).join(' and ');
  throw new Error(
    `User "${user}" has the access keys ${all}, and can have no third beside them. Delete the one that nothing needs: stocktake access key delete ${user} ${unused}`,
  );
}
