/** A run as it begins. */

import { randomBytes } from 'node:crypto';
import type { Insertable } from 'kysely';
import type { RunTrigger } from '../core/run.ts';
import type { StoredRule } from './rule-row.ts';
import type { RunRow } from './schema.ts';

export function newRun(stored: StoredRule, trigger: RunTrigger, scheduledForMs: number): Insertable<RunRow> {
  return {
    id: randomBytes(8).toString('hex'),
    rule_uid: stored.uid,
    bucket_id: stored.bucketId,
    bucket: stored.bucket,
    rule_id: stored.rule.id,
    rule: JSON.stringify(stored.rule),
    trigger,
    scheduled_for: scheduledForMs,
    state: 'planned',
    tries: 0,
    scanned: 0,
    matched: 0,
    bytes_written: 0,
    swept: 0,
  };
}
