/**
 * Accounts, users, access keys, roles and policies as they are kept. Ids are made by chance and never given again:
 * what is made anew under an old name inherits nothing.
 */

import type { EntityState } from './access-entities.ts';

export interface AccountRecord {
  readonly kind: 'account';
  readonly id: string;
  /** Unique among the accounts that are not deleted. */
  readonly name: string;
  /** The record of a deleted account stays: policies of others may still name its id, which is therefore not given again. */
  readonly state: EntityState | 'deleted';
  readonly createdAtMs: number;
}

export interface UserRecord {
  readonly kind: 'user';
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly description: string;
  readonly state: EntityState;
  readonly createdAtMs: number;
}

export interface AccessKeyRecord {
  readonly kind: 'accessKey';
  readonly id: string;
  readonly accountId: string;
  /** Absent when it is a key of the account itself. */
  readonly userId?: string;
  readonly state: EntityState;
  /** The secret, sealed, and the id of the key file that opens it. */
  readonly sealed: { readonly bytes: Uint8Array; readonly by: string };
  readonly createdAtMs: number;
}

/** The name that the secret of an access key is sealed under: the key's own, so that none passes for another's. */
export function accessKeySecretName(id: string): string {
  return `access-key:${id}`;
}

export interface RoleRecord {
  readonly kind: 'role';
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly description: string;
  /** The trust policy as JSON. */
  readonly trust: string;
  readonly maxSessionSeconds: number;
  readonly createdAtMs: number;
}

/** A custom policy. It goes by its name alone: while it is attached it can't go, so no other takes its place unseen. */
export interface PolicyRecord {
  readonly kind: 'policy';
  readonly accountId: string;
  readonly name: string;
  readonly description: string;
  /** As JSON. */
  readonly document: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** A policy that a user or role has, by the id of the one and the name of the other. */
export interface AttachmentRecord {
  readonly kind: 'attachment';
  readonly accountId: string;
  readonly holderId: string;
  readonly policy: string;
}

export type AccessRecord = AccountRecord | UserRecord | AccessKeyRecord | RoleRecord | PolicyRecord | AttachmentRecord;

/** Records of accounts stay. */
export type RemovableRecord = Exclude<AccessRecord, AccountRecord>;

/** Puts a record, over the one of the same id or name if there is one; or removes it. */
export type AccessWrite =
  | { readonly act: 'put'; readonly record: AccessRecord }
  | { readonly act: 'remove'; readonly record: RemovableRecord };
