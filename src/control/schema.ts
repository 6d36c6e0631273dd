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
  attempts: AttemptRow;
  keys: KeyRow;
  accounts: AccountRow;
  users: UserRow;
  access_keys: AccessKeyRow;
  roles: RoleRow;
  policies: PolicyRow;
  attachments: AttachmentRow;
  webhooks: WebhookRow;
  deliveries: DeliveryRow;
  virtual_clock: VirtualClockRow;
  write_probe: WriteProbeRow;
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
  /** When its schedule was set: the day that Weekly repeats, and that Monthly counts its 30 days from. */
  anchored_at: Generated<number>;
  /** Every due time up to here has its run, or fell into a time in which the rule was disabled. */
  settled_until: Generated<number>;
  /** The first due time after that; null when there is none: disabled, or Once. */
  next_due_at: number | null;
  /** The set time and zone that `next_due_at` was reckoned with, as in `00:00 Asia/Shanghai`. */
  schedule_basis: Generated<string>;
  /** `RuleOptions` as JSON. */
  options: Generated<string>;
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
  /** How often its scan was begun. */
  tries: number;
  /** Put off until then by a passing fault; only with `planned`, and with `publishing`. */
  retry_at: number | null;
  started_at: number | null;
  finished_at: number | null;
  point_in_time: number | null;
  expected_rows: number | null;
  scanned: number;
  matched: number;
  bytes_written: number;
  manifest_key: string | null;
  reason_code: string | null;
  reason_text: string | null;
  /** 1 when nothing is left in the destination that no report names. */
  swept: number;
  /** Of the report of a published run; null for all others. */
  report_state: 'present' | 'removing' | 'removed' | null;
  report_removed_at: number | null;
}

export interface ShardRow {
  run_id: string;
  number: number;
  /** The current one; no other settles the shard. */
  attempt: number;
  range_start: Uint8Array;
  range_end: Uint8Array | null;
  settled: number;
  /** Null until settled, and when no row matched. */
  size_bytes: number | null;
  md5: string | null;
  /** Of the data file, and of its rows before they were compressed; lower-case hex. */
  sha256: string | null;
  rows_sha256: string | null;
  first_key: Uint8Array | null;
  last_key: Uint8Array | null;
  scanned: number;
  matched: number;
}

/** One try at a shard, written down with the name of its data file before it writes that. */
export interface AttemptRow {
  run_id: string;
  shard: number;
  /** Counted from 1 within the shard. */
  number: number;
  file_key: string;
  state: 'open' | 'settled' | 'failed';
  started_at: number;
  ended_at: number | null;
  /** Why it failed, in words. */
  fault: string | null;
}

export interface WebhookRow {
  id: string;
  account_id: string;
  url: string;
  /** Null: of all buckets of the account. */
  bucket: string | null;
  /** Null: of all rules. */
  rule_id: string | null;
  /** The events it is told of, as a JSON array. */
  events: string;
  description: string;
  state: EntityState;
  /** The signing secret, sealed by the key of the key file, and that key file's id. */
  sealed: Uint8Array;
  sealed_by: string;
  /** The secret before the last change of it, which signs besides until then. */
  previous_sealed: Uint8Array | null;
  previous_sealed_by: string | null;
  previous_until: number | null;
  created_at: number;
  updated_at: number;
}

/** One event for one webhook: made in the transaction that ends the run, so that no end goes untold. */
export interface DeliveryRow {
  /** The order in which deliveries were made. */
  sequence: Generated<number>;
  id: string;
  webhook_id: string;
  /** Null: it tries the webhook, and tells of no run. */
  run_id: string | null;
  event: string;
  /** The JSON that is sent, the same at every try. */
  payload: string;
  state: 'pending' | 'delivered' | 'failed';
  tries: number;
  /** When the next try is due, by the real clock: 0 is at once; null when it is over. */
  next_at: number | null;
  last_status: number | null;
  /** What was wrong with the last try, in words. */
  last_fault: string | null;
  created_at: number;
  ended_at: number | null;
}

/** The one row of a folder whose time is moved by hand; a folder that keeps real time has none. */
export interface VirtualClockRow {
  id: 1;
  now: number;
}

/** The one row that is written to see whether anything can be. */
export interface WriteProbeRow {
  id: 1;
  count: number;
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
