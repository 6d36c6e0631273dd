/** The tables of the control state, as Kysely types. Times are milliseconds since the Unix epoch. */

import type { Generated } from 'kysely';
import type { EntityState } from '../core/access-entities.ts';
import type { AccountRecord } from '../core/access-record.ts';
import type { KeySpec, KeyState } from '../core/encryption-key.ts';
import type { RunState, RunTrigger } from '../core/run.ts';

export interface Schema {
  rules: RuleRow;
  runs: RunRow;
  shards: ShardRow;
  keys: KeyRow;
  accounts: AccountRow;
  users: UserRow;
  access_keys: AccessKeyRow;
  roles: RoleRow;
  policies: PolicyRow;
  attachments: AttachmentRow;
}

export interface RuleRow {
  /** Immutable; a rule made anew under the same id inherits nothing. */
  uid: string;
  bucket_id: string;
  bucket: string;
  id: string;
  /** The rule as JSON. */
  document: string;
  created_at: number;
  updated_at: number;
}

export interface RunRow {
  /** The order in which runs were made. */
  sequence: Generated<number>;
  id: string;
  rule_uid: string;
  bucket_id: string;
  bucket: string;
  rule_id: string;
  /** The rule as it was when the run was made. */
  rule: string;
  trigger: RunTrigger;
  scheduled_for: number;
  state: RunState;
  /** The report's folder, with the destination bucket before it: reserved by this run, and by no other. */
  folder: string | null;
  attempt: number;
  started_at: number | null;
  finished_at: number | null;
  point_in_time: number | null;
  scanned: number;
  matched: number;
  bytes_written: number;
  manifest_key: string | null;
  reason_code: string | null;
  reason_text: string | null;
  /** 1 when nothing is left in the destination that no report names. */
  swept: number;
}

export interface ShardRow {
  run_id: string;
  number: number;
  attempt: number;
  range_start: Uint8Array;
  range_end: Uint8Array | null;
  /** The data file of this attempt, named before it is written. */
  file_key: string;
  settled: number;
  /** Null until settled, and when no row matched. */
  size_bytes: number | null;
  md5: string | null;
  first_key: Uint8Array | null;
  last_key: Uint8Array | null;
  scanned: number;
  matched: number;
}

export interface AccountRow {
  id: string;
  name: string;
  state: AccountRecord['state'];
  created_at: number;
}

export interface UserRow {
  id: string;
  account_id: string;
  name: string;
  description: string;
  state: EntityState;
  created_at: number;
}

export interface AccessKeyRow {
  id: string;
  account_id: string;
  /** Null for a key of the account itself. */
  user_id: string | null;
  state: EntityState;
  /** The secret, sealed by the key of the key file. */
  sealed: Uint8Array;
  /** The id of that key file. */
  sealed_by: string;
  created_at: number;
}

export interface RoleRow {
  id: string;
  account_id: string;
  name: string;
  description: string;
  /** The trust policy as JSON. */
  trust: string;
  max_session_seconds: number;
  created_at: number;
}

export interface PolicyRow {
  account_id: string;
  name: string;
  description: string;
  /** As JSON. */
  document: string;
  created_at: number;
  updated_at: number;
}

export interface AttachmentRow {
  account_id: string;
  /** Of a user or a role. */
  holder_id: string;
  /** The name of a policy of the account, or of a system policy. */
  policy: string;
}

export interface KeyRow {
  id: string;
  /** The server's own key, or one of the account's. */
  kind: 'service' | 'account';
  spec: KeySpec;
  /** A destroyed key's row stays, so that its id is not given again. */
  state: KeyState | 'destroyed';
  description: string;
  /** 1 for one key at most. */
  is_default: number;
  created_at: number;
  deletion_at: number | null;
  /** The key, sealed by the key of the key file; null when there is none. */
  sealed: Uint8Array | null;
  /** The id of that key file. */
  sealed_by: string | null;
}
