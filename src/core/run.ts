/** A run: one execution of a rule. The words here are those that the outside sees (docs/reference/runs.md). */

import { DomainError } from './errors.ts';

export type RunTrigger = 'first' | 'schedule' | 'manual' | 'once';

export const OPEN_RUN_STATES = ['planned', 'scanning', 'publishing'] as const;
export type OpenRunState = (typeof OPEN_RUN_STATES)[number];
export const ENDED_RUN_STATES = ['published', 'empty', 'failed', 'cancelled'] as const;
export const RUN_STATES = [...OPEN_RUN_STATES, ...ENDED_RUN_STATES] as const;
export type RunState = (typeof RUN_STATES)[number];

export interface RunReason {
  /** Stable, for programs. */
  readonly code: string;
  /** What happened and what to do, for people. */
  readonly text: string;
}

/** A run as it is told to the outside; times are ISO 8601 UTC. */
export interface RunView {
  readonly id: string;
  readonly rule: string;
  readonly bucket: string;
  readonly trigger: RunTrigger;
  readonly scheduledFor: string;
  readonly state: RunState;
  /** When its scan was begun, for the last time if it was begun again. */
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly pointInTime: string | null;
  /** How often its scan was begun. */
  readonly tries: number;
  /** When the next try begins, after a passing fault that `reason` tells of. */
  readonly retryAt: string | null;
  /** About how many objects there are to be scanned; null until the scan has begun. */
  readonly expected: number | null;
  readonly scanned: number;
  readonly matched: number;
  readonly bytesWritten: number;
  readonly shards: { readonly done: number; readonly total: number };
  /** The manifest's key in the destination bucket, once it is published. */
  readonly manifest: string | null;
  readonly destination: string;
  /** When the rule's retention removed the report; its manifest is gone since. */
  readonly removedAt: string | null;
  /** Why it ended so, or is put off. */
  readonly reason: RunReason | null;
}

export function isOpen(state: RunState): state is OpenRunState {
  return (OPEN_RUN_STATES as readonly string[]).includes(state);
}

/** The bucket that a rule lists is no longer there, or another has its name now. */
export function sourceGone(bucket: string): DomainError {
  return new DomainError('SourceGone', `The bucket "${bucket}" that the rule lists no longer exists.`);
}
