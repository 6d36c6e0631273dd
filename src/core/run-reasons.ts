/**
 * Why a run ended as it did, or waits: every code that a run's `reason` can have. docs/reference/runs.md prints this
 * table, and a test compares them.
 */

import type { RunState } from './run.ts';

export interface RunReasonFacts {
  /** The states of runs that have it. `planned` and `publishing` are those that are put off. */
  readonly states: readonly RunState[];
  /** What happened. */
  readonly means: string;
  /** What the owner of the rule, or of the server, does about it. */
  readonly remedy: string;
}

/** What may pass by itself: the run is put off first, and fails when it has been tried often enough. */
const PASSING = ['planned', 'publishing', 'failed'] as const;

export const RUN_REASONS = {
  NothingMatched: {
    states: ['empty'],
    means: 'no object passed the filter of the rule, so nothing was delivered',
    remedy: 'nothing, or a wider filter',
  },
  SourceGone: {
    states: ['failed'],
    means: 'the bucket that the rule lists was deleted, or another has its name now',
    remedy: 'put the rule on the bucket that is meant',
  },
  DestinationGone: {
    states: ['failed'],
    means: 'the account has no bucket of the name that the report goes to',
    remedy: 'create it, then start the run again',
  },
  RoleLost: {
    states: ['failed'],
    means:
      "the rule's role is gone, of a disabled account, does not trust OSS, or may not write the report; the text names the permission",
    remedy: 'apply the policy that the text ends on, where one helps; then start the run again',
  },
  KeyUseDenied: {
    states: ['failed'],
    means: "the rule's role may not use the key that the report is encrypted with",
    remedy: 'apply the policy that the text ends on, then start the run again',
  },
  ReportKeyUnusable: {
    states: ['failed'],
    means:
      'the key that the rule or the destination bucket encrypts with is unknown, disabled, to be deleted or asymmetric, or the key service is off; nothing was delivered, rather than plaintext',
    remedy: 'make the key usable, or encrypt in another way; then start the run again',
  },
  ReportKeyTooLong: {
    states: ['failed'],
    means: 'prefix and rule id make keys of over 1,023 bytes',
    remedy: 'shorten one of them',
  },
  ReportInconsistent: {
    states: ['failed'],
    means: "something else wrote below the report's folder",
    remedy: 'keep others from writing there, then start the run again',
  },
  StorageFull: {
    states: PASSING,
    means: "the server's disk has no room left",
    remedy: 'make room; a run that is put off goes on by itself, one that failed is started again',
  },
  InternalError: {
    states: PASSING,
    means: 'a fault of ours or of the machine',
    remedy: "see the server's log; a run that is put off goes on by itself, one that failed is started again",
  },
  Cancelled: {
    states: ['cancelled'],
    means: 'somebody cancelled the run; the text names who',
    remedy: 'nothing, or start it again',
  },
  RuleDeleted: {
    states: ['cancelled'],
    means: 'the rule, or its bucket, was deleted while the run was under way',
    remedy: 'nothing',
  },
  RuleDisabled: {
    states: ['cancelled'],
    means: 'the rule was disabled while the run was under way',
    remedy: 'enable the rule, then start the run again',
  },
  DueTimeMissed: {
    states: ['cancelled'],
    means: 'the server was down at the due time, or its clock jumped over it; the newest missed one was run late',
    remedy: 'nothing: a report shows the present, so one for a time that is past cannot be made up for',
  },
  DueTimeOverrun: {
    states: ['cancelled'],
    means: "the rule's run before was still under way at the due time",
    remedy: 'a longer interval, or more threads (`limits.scanThreads`)',
  },
} as const satisfies Record<string, RunReasonFacts>;

export type RunReasonCode = keyof typeof RUN_REASONS;

export function isRunReasonCode(code: string): code is RunReasonCode {
  return Object.hasOwn(RUN_REASONS, code);
}
