/** Records of who may do what, as rows and back. */

import type {
  AccessKeyRecord,
  AccountRecord,
  AttachmentRecord,
  PolicyRecord,
  RoleRecord,
  UserRecord,
} from '../core/access-record.ts';
import type { AccessKeyRow, AccountRow, AttachmentRow, PolicyRow, RoleRow, UserRow } from './schema.ts';

export function accountRow({ id, name, state, createdAtMs }: AccountRecord): AccountRow {
  return { id, name, state, created_at: createdAtMs };
}

export function accountFromRow({ id, name, state, created_at }: AccountRow): AccountRecord {
  return { kind: 'account', id, name, state, createdAtMs: created_at };
}

export function userRow({ id, accountId, name, description, state, createdAtMs }: UserRecord): UserRow {
  return { id, account_id: accountId, name, description, state, created_at: createdAtMs };
}

export function userFromRow({ id, account_id, name, description, state, created_at }: UserRow): UserRecord {
  return { kind: 'user', id, accountId: account_id, name, description, state, createdAtMs: created_at };
}

export function accessKeyRow({ id, accountId, userId, state, sealed, createdAtMs }: AccessKeyRecord): AccessKeyRow {
  return {
    id,
    account_id: accountId,
    user_id: userId ?? null,
    state,
    sealed: sealed.bytes,
    sealed_by: sealed.by,
    created_at: createdAtMs,
  };
}

export function accessKeyFromRow(row: AccessKeyRow): AccessKeyRecord {
  return {
    kind: 'accessKey',
    id: row.id,
    accountId: row.account_id,
    ...(row.user_id !== null && { userId: row.user_id }),
    state: row.state,
    sealed: { bytes: row.sealed, by: row.sealed_by },
    createdAtMs: row.created_at,
  };
}

export function roleRow(record: RoleRecord): RoleRow {
  const { id, accountId, name, description, trust, maxSessionSeconds, createdAtMs } = record;
  return {
    id,
    account_id: accountId,
    name,
    description,
    trust,
    max_session_seconds: maxSessionSeconds,
    created_at: createdAtMs,
  };
}

export function roleFromRow(row: RoleRow): RoleRecord {
  const { id, account_id, name, description, trust, max_session_seconds, created_at } = row;
  return {
    kind: 'role',
    id,
    accountId: account_id,
    name,
    description,
    trust,
    maxSessionSeconds: max_session_seconds,
    createdAtMs: created_at,
  };
}

export function policyRow(record: PolicyRecord): PolicyRow {
  const { accountId, name, description, document, createdAtMs, updatedAtMs } = record;
  return { account_id: accountId, name, description, document, created_at: createdAtMs, updated_at: updatedAtMs };
}

export function policyFromRow(row: PolicyRow): PolicyRecord {
  const { account_id, name, description, document, created_at, updated_at } = row;
  return {
    kind: 'policy',
    accountId: account_id,
    name,
    description,
    document,
    createdAtMs: created_at,
    updatedAtMs: updated_at,
  };
}

export function attachmentRow({ accountId, holderId, policy }: AttachmentRecord): AttachmentRow {
  return { account_id: accountId, holder_id: holderId, policy };
}

export function attachmentFromRow({ account_id, holder_id, policy }: AttachmentRow): AttachmentRecord {
  return { kind: 'attachment', accountId: account_id, holderId: holder_id, policy };
}
