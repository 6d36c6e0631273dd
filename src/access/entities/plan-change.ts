/** A change of who may do what, held against the state and turned into what is to be written. */

import type { AccessChange } from '../../core/access-change.ts';
import { createAccessKey, deleteAccessKey, setAccessKeyState } from './access-key-changes.ts';
import type { AccessState } from './access-state.ts';
import { createAccount, deleteAccount, setAccountState } from './account-changes.ts';
import type { ChangeContext, PlannedChange } from './change-context.ts';
import { attach, deletePolicy, detach, putPolicy } from './policy-changes.ts';
import { deleteRole, putRole } from './role-changes.ts';
import { createUser, deleteUser, describeUser, setUserState } from './user-changes.ts';

/** Throws why the change can't be made. */
export function planChange(state: AccessState, change: AccessChange, context: ChangeContext): PlannedChange {
  switch (change.kind) {
    case 'createAccount':
      return { writes: createAccount(state, change, context) };
    case 'setAccountState':
      return { writes: setAccountState(state, change, context) };
    case 'deleteAccount':
      return { writes: deleteAccount(state, change, context) };
    case 'createUser':
      return { writes: createUser(state, change, context) };
    case 'describeUser':
      return { writes: describeUser(state, change) };
    case 'setUserState':
      return { writes: setUserState(state, change) };
    case 'deleteUser':
      return { writes: deleteUser(state, change) };
    case 'createAccessKey':
      return createAccessKey(state, change, context);
    case 'setAccessKeyState':
      return { writes: setAccessKeyState(state, change) };
    case 'deleteAccessKey':
      return { writes: deleteAccessKey(state, change) };
    case 'putRole':
      return { writes: putRole(state, change, context) };
    case 'deleteRole':
      return { writes: deleteRole(state, change) };
    case 'putPolicy':
      return { writes: putPolicy(state, change, context) };
    case 'deletePolicy':
      return { writes: deletePolicy(state, change) };
    case 'attach':
      return { writes: attach(state, change) };
    case 'detach':
      return { writes: detach(state, change) };
  }
}
