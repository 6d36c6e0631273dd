/** What the admin API wants of the rest of the server. */

import type { Access } from '../access/access.ts';
import type { Identity } from '../access/identity.ts';
import type { BackupView, NewBackup } from '../core/backup.ts';
import type { KeyPage, KeyView, NewKey } from '../core/encryption-key.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { SignedRequest } from '../core/signed-request.ts';

export interface AdminServices {
  /** The account whose things are administered. */
  readonly accountId: string;
  /** Who signed a request, as on the wire; throws what is wrong with the signature. */
  authenticate(request: SignedRequest): { readonly identity: Identity; readonly signature: 'none' | 'v1' | 'v4' };
  readonly access: Access;
  /** Status and code of an error, as on the wire. */
  describeError(code: ErrorCode): { readonly status: number; readonly code: string };
  readonly keys: KeyPort;
  readonly backups: BackupPort;
}

export interface BackupPort {
  /** Begins a backup; throws `InvalidArgument` for a folder that can't be, `BackupUnderWay` while there is another. */
  start(backup: NewBackup): Promise<BackupView>;
  /** The last one that was begun since the server started; throws `NoSuchBackup`. */
  last(): BackupView;
}

/** Methods that take an id throw `EncryptionKeyNotFound` when there is no such key. */
export interface KeyPort {
  create(key: NewKey): Promise<KeyView>;
  list(after: string, limit: number): Promise<KeyPage>;
  get(id: string): Promise<KeyView>;
  disable(id: string): Promise<KeyView>;
  enable(id: string): Promise<KeyView>;
  scheduleDeletion(id: string, days?: number): Promise<KeyView>;
  cancelDeletion(id: string): Promise<KeyView>;
}
