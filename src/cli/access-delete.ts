/** Users and roles are deleted when they hold nothing any more, or with all that they hold. */

import type { Command } from 'commander';
import { type AccessFlags, withAccess, withAccountOptions } from './access-client.ts';
import { printJson, say } from './output.ts';
import { ServerError } from './server-client.ts';

interface Holder {
  readonly kind: 'user' | 'role';
  readonly description: string;
  /** What goes with it by force. */
  readonly holds: string;
  readonly example: string;
  /** What a person is told after that. */
  readonly after: string;
}

/** Adds the command that deletes a user or role. */
export function addDeleteCommand(parent: Command, { kind, description, holds, example, after }: Holder): void {
  const command = (name: string) => `stocktake access ${kind} delete ${name} --force`;
  withAccountOptions(parent.command('delete <name>'))
    .description(description)
    .option('--force', `with ${holds}`, false)
    .addHelpText('after', `\nExample:\n  $ ${command(example)}`)
    .action(async (name: string, { force, ...flags }: AccessFlags & { readonly force: boolean }) => {
      try {
        await withAccess(flags, (access) => access.delete([`${kind}s`, name], force ? { force: 'true' } : {}));
      } catch (error) {
        if (!(error instanceof ServerError && error.code === 'DeleteConflict')) throw error;
        throw new Error(`${error.message} Or delete it with ${holds}: ${command(name)}`, { cause: error });
      }
      if (flags.json) printJson({ [kind]: name });
      else say(`${kind === 'user' ? 'User' : 'Role'} "${name}" is gone.${after}`);
    });
}
