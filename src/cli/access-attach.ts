import type { Command } from 'commander';
import { type AccessClient, type AccessFlags, withAccess, withAccountOptions } from './access-client.ts';
import { printJson, say } from './output.ts';
import { UsageError } from './usage-error.ts';

interface Flags extends AccessFlags {
  readonly user?: string;
  readonly role?: string;
}

export function addAttachCommands(access: Command): void {
  withHolderOptions(access.command('attach <policy>'))
    .description('give a policy to a user or a role')
    .addHelpText('after', '\nExample:\n  $ stocktake access attach AliyunOSSReadOnlyAccess --user anna')
    .action((policy: string, flags: Flags) =>
      change(policy, flags, {
        words: 'is attached to',
        act: (access, path) => access.put(path),
      }),
    );
  withHolderOptions(access.command('detach <policy>'))
    .description('take a policy from a user or a role')
    .addHelpText('after', '\nExample:\n  $ stocktake access detach write-inventory --role inventory-writer')
    .action((policy: string, flags: Flags) =>
      change(policy, flags, {
        words: 'is detached from',
        act: (access, path) => access.delete(path),
      }),
    );
}

function withHolderOptions(command: Command): Command {
  return withAccountOptions(command)
    .option('--user <name>', 'the user')
    .option('--role <name>', 'the role, in place of a user');
}

interface Change {
  readonly words: string;
  readonly act: (access: AccessClient, path: readonly string[]) => Promise<unknown>;
}

async function change(policy: string, { user, role, ...flags }: Flags, { words, act }: Change): Promise<void> {
  if ((user === undefined) === (role === undefined)) throw new UsageError('Either --user or --role is expected.');
  const [kind, name] = user === undefined ? (['role', role ?? ''] as const) : (['user', user] as const);
  await withAccess(flags, (access) => act(access, [`${kind}s`, name, 'policies', policy]));
  if (flags.json) printJson({ policy, [kind]: name });
  else say(`Policy "${policy}" ${words} ${kind} "${name}".`);
}
