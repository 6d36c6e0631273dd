/**
 * Failpoints: named places between a write and the next, where a test ends the process or lets the write fail. The
 * crash suite kills a server at each of them, and fails when one is never reached. In a server nothing is armed, and
 * reaching one costs a comparison.
 *
 * One named like an order (`body.sync`) stands before an effect that a disk may refuse, so that a test may throw there
 * what a disk would. One named like an outcome (`body.placed`) stands behind the last effect of a chain, and only kills.
 */

/** Transactions of the control database that promise something, or move a run to its next state. */
export const SQL_STEPS = [
  'rule-put',
  'rule-switch',
  'rule-delete',
  'rules-due',
  'rules-rebase',
  'rules-set-back',
  'rule-options',
  'run-start',
  'run-scanning',
  'run-folder',
  'run-plan',
  'shard-settle',
  'attempt-next',
  'run-publishing',
  'run-published',
  'run-empty',
  'run-failed',
  'run-put-off',
  'run-cancel',
  'run-swept',
  'report-removing',
  'report-kept',
  'report-removed',
  'history-prune',
  'key-insert',
  'key-change',
  'access-change',
  'webhook-put',
  'webhook-change',
  'webhook-delete',
  'delivery-put',
  'delivery-settle',
  'clock-set',
] as const;

export type SqlStep = (typeof SQL_STEPS)[number];

/** Where a test may kill the process or throw. */
export const FAULT_POINTS = [
  // A body that becomes a file, and its entry in a folder.
  'body.stage',
  'body.write',
  'body.sync',
  'body.place',
  'body.rename',
  'body.sync-folder',
  // The index: inside the transaction, when all is written to it.
  'index.commit',
  // The file of a body that goes.
  'removal.unlink',
  'removal.sync-folder',
  // A report: each file of it is a put into the destination.
  'report.put-data',
  'report.put-report',
  'report.put-checksum',
  'report.put-manifest',
  'report.put-latest',
  // A report that goes; its manifest first.
  'report.remove-manifest',
  'report.remove-checksum',
  'report.remove-report',
  'report.remove-data',
  // A line of the audit log; what is refused here never fails a request.
  'audit.write',
  'audit.sync',
  ...SQL_STEPS.map((step) => `sql.${step}.commit` as const),
] as const;

/** Where a test may only kill: what came before is on disk. */
export const OUTCOMES = [
  'body.placed',
  'index.committed',
  'removal.synced',
  'report.data-put',
  'report.report-put',
  'report.checksum-put',
  'report.visible',
  'report.latest-put',
  // A bucket is gone, and its rules are not yet.
  'bucket.deleted',
  ...SQL_STEPS.map((step) => `sql.${step}.committed` as const),
] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];
export type Failpoint = FaultPoint | (typeof OUTCOMES)[number];

export const FAILPOINTS: readonly Failpoint[] = [...FAULT_POINTS, ...OUTCOMES];

let armed: ((point: Failpoint) => void) | undefined;

/** Says that the code has come to `point`. What is armed may end the process here, or throw what a disk would. */
export function reach(point: Failpoint): void {
  if (armed !== undefined) armed(point);
}

/** Makes every failpoint of this thread call `action`; undefined disarms them. For tests alone. */
export function armFailpoints(action: ((point: Failpoint) => void) | undefined): void {
  armed = action;
}
