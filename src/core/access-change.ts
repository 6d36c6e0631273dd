/**
 * The changes that can be made to accounts, users, access keys, roles and policies. A request makes one, applying a
 * document makes many; together they happen whole or not at all.
 */

import type { EntityState } from './access-entities.ts';

/** A user or role that a policy is attached to, by name. */
export interface Principal {
  readonly kind: 'user' | 'role';
  readonly name: string;
}

export type AccessChange = { readonly account: string } & (
  | { readonly kind: 'createAccount'; readonly name: string }
  | { readonly kind: 'setAccountState'; readonly state: EntityState }
  | { readonly kind: 'deleteAccount' }
  | { readonly kind: 'createUser'; readonly name: string; readonly description: string }
  | { readonly kind: 'describeUser'; readonly name: string; readonly description: string }
  | { readonly kind: 'setUserState'; readonly name: string; readonly state: EntityState }
  | { readonly kind: 'deleteUser'; readonly name: string }
  /** Of a user, or of the account itself; the secret is made with it and shown once. */
  | { readonly kind: 'createAccessKey'; readonly user?: string }
  | { readonly kind: 'setAccessKeyState'; readonly user?: string; readonly id: string; readonly state: EntityState }
  | { readonly kind: 'deleteAccessKey'; readonly user?: string; readonly id: string }
  /** Makes the role, or gives one of that name these values. */
  | {
      readonly kind: 'putRole';
      readonly name: string;
      readonly description: string;
      readonly trust: unknown;
      readonly maxSessionSeconds: number;
    }
  | { readonly kind: 'deleteRole'; readonly name: string }
  /** Makes the policy, or gives one of that name these values. */
  | { readonly kind: 'putPolicy'; readonly name: string; readonly description: string; readonly document: unknown }
  | { readonly kind: 'deletePolicy'; readonly name: string }
  | { readonly kind: 'attach' | 'detach'; readonly policy: string; readonly to: Principal }
);
