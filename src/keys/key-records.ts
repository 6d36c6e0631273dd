/** What the key service wants of a table of keys. */

import type { KeySpec, KeyState } from '../core/encryption-key.ts';

export interface KeyRecord {
  readonly id: string;
  /** The server's own key, which SSE-OSS uses and no list shows, or one of the account's. */
  readonly kind: 'service' | 'account';
  readonly spec: KeySpec;
  /** The id of a destroyed key is never given again: what it encrypted would seem damaged instead of lost. */
  readonly state: KeyState | 'destroyed';
  readonly description: string;
  readonly isDefault: boolean;
  readonly createdAtMs: number;
  /** While the deletion is scheduled, and after. */
  readonly deletionAtMs?: number;
  /** The key itself, sealed; absent when there is none (asymmetric) or none any more (destroyed). */
  readonly sealed?: SealedKey;
}

export interface SealedKey {
  readonly bytes: Uint8Array;
  /** The id of the key file that holds what opens it. */
  readonly by: string;
}

/** What a change of state writes; a time that is absent is taken away. */
export type KeyChange = Pick<KeyRecord, 'deletionAtMs'> & { readonly state: KeyState };

/** Every method is one step, durable when it resolves. */
export interface KeyRecords {
  find(id: string): Promise<KeyRecord | undefined>;
  findDefault(): Promise<KeyRecord | undefined>;
  /** False when there is one of its id, or another default, and nothing was written. */
  insert(record: KeyRecord): Promise<boolean>;
  /** Keys of the account that are not destroyed, in the order of their ids, from behind `after`. */
  list(after: string, limit: number): Promise<readonly KeyRecord[]>;
  /** False when the account has no such key in one of the states `from`, and nothing was written. */
  change(id: string, from: readonly KeyState[], to: KeyChange): Promise<boolean>;
  /** Destroys the keys whose deletion was due by then: they lose key and default. The ids of them. */
  destroyDue(nowMs: number): Promise<readonly string[]>;
}
