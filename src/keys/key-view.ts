import assert from 'node:assert/strict';
import type { KeyView } from '../core/encryption-key.ts';
import type { KeyRecord } from './key-records.ts';

/** A key as it is told to the outside. */
export function keyView(record: KeyRecord): KeyView {
  const { id, description, spec, state, isDefault, createdAtMs, deletionAtMs } = record;
  assert(state !== 'destroyed', `the key "${id}" is destroyed, and told of to nobody`);
  return {
    id,
    description,
    spec,
    state,
    isDefault,
    createdAt: new Date(createdAtMs).toISOString(),
    deletionAt: deletionAtMs === undefined ? null : new Date(deletionAtMs).toISOString(),
  };
}
