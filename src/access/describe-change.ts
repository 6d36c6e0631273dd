/** Changes of a plan in words, with values before and after: what a person reads before a document is applied. */

import { isDeepStrictEqual } from 'node:util';
import type { EntityState } from '../core/access-entities.ts';
import type { AccountAccess, DescribedChange } from './account-access.ts';
import type { DocumentChange } from './plan-access.ts';

/** `current` is the account before any of its changes. */
export function describeChange(change: DocumentChange, current: AccountAccess): DescribedChange {
  return { kind: change.kind, ...nameAndWords(change, current), fields: fieldsOf(change, current) };
}

function nameAndWords(change: DocumentChange, current: AccountAccess): Pick<DescribedChange, 'name' | 'words'> {
  switch (change.kind) {
    case 'putPolicy': {
      const { name } = change;
      return { name, words: `${find(current.policies, name) ? 'change' : 'make'} policy "${name}"` };
    }
    case 'putRole': {
      const { name } = change;
      return { name, words: `${find(current.roles, name) ? 'change' : 'make'} role "${name}"` };
    }
    case 'setAccessKeyState': {
      const { user, id, state } = change;
      return { name: user, words: `${VERBS[state]} access key ${id} of user "${user}"` };
    }
    case 'deleteAccessKey':
      return { name: change.user, words: `delete access key ${change.id} of user "${change.user}"` };
    case 'attach':
      return {
        name: change.to.name,
        words: `attach policy "${change.policy}" to ${change.to.kind} "${change.to.name}"`,
      };
    case 'detach':
      return {
        name: change.to.name,
        words: `detach policy "${change.policy}" from ${change.to.kind} "${change.to.name}"`,
      };
    case 'setUserState':
      return { name: change.name, words: `${VERBS[change.state]} user "${change.name}"` };
    default:
      return { name: change.name, words: `${PLAIN_WORDS[change.kind]} "${change.name}"` };
  }
}

const VERBS: Readonly<Record<EntityState, string>> = { enabled: 'enable', disabled: 'disable' };

const PLAIN_WORDS = {
  createUser: 'make user',
  describeUser: 'change user',
  deleteUser: 'delete user',
  deleteRole: 'delete role',
  deletePolicy: 'delete policy',
} as const;

function fieldsOf(change: DocumentChange, { policies, users, roles }: AccountAccess): DescribedChange['fields'] {
  switch (change.kind) {
    case 'putPolicy': {
      const { name, description, document } = change;
      return changed(find(policies, name), { description, document });
    }
    case 'putRole': {
      const { name, description, trust, maxSessionSeconds } = change;
      return changed(find(roles, name), { description, trust, maxSessionSeconds });
    }
    case 'createUser':
    case 'describeUser':
      return changed(find(users, change.name), { description: change.description });
    case 'setUserState':
      return changed(find(users, change.name), { state: change.state });
    case 'setAccessKeyState': {
      const key = find(users, change.user)?.accessKeys.find(({ id }) => id === change.id);
      return changed(key, { state: change.state });
    }
    default:
      return {};
  }
}

function changed<T extends object>(before: T | undefined, after: Partial<T>): DescribedChange['fields'] {
  const names = Object.keys(after) as (keyof T & string)[];
  return Object.fromEntries(
    names
      .map((name) => [name, { before: before?.[name] ?? null, after: after[name] }] as const)
      .filter(([, values]) => !isDeepStrictEqual(values.before, values.after)),
  );
}

function find<T extends { readonly name: string }>(things: readonly T[], name: string): T | undefined {
  return things.find((thing) => thing.name === name);
}
