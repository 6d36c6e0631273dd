/** Runs in plain words. */

import type { RunView } from '../core/run.ts';
import { formatBytes, formatCount, formatCounted, formatMinute, printFacts, say } from './output.ts';

/** What is going on now, in a line. */
export function progressText(run: RunView, perSecond: number | undefined): string {
  if (run.retryAt !== null) {
    const why = run.reason === null ? '' : ` after ${run.reason.code}: ${run.reason.text}`;
    return `waiting until ${run.retryAt.slice(11, 19)} UTC${why}`;
  }
  if (run.state === 'planned') return 'planned: waiting for its turn';
  if (run.state === 'scanning') return `scanning: ${scanText(run, perSecond)}`;
  return `${run.state}: ${formatCounted(run.matched, 'row')}, ${formatBytes(run.bytesWritten)}`;
}

function scanText({ scanned, expected }: RunView, perSecond: number | undefined): string {
  const parts = [`${formatCount(scanned)}${expected === null ? '' : ` of about ${formatCount(expected)}`} objects`];
  if (expected !== null && expected > 0) {
    // What was expected is a guess; only the end is the end.
    parts[0] += ` (${Math.min(99, Math.floor((100 * scanned) / expected))} %)`;
  }
  if (perSecond !== undefined) parts.push(`${formatCount(Math.round(perSecond))} rows/s`);
  if (perSecond !== undefined && perSecond > 0 && expected !== null && expected > scanned) {
    parts.push(`about ${durationText((expected - scanned) / perSecond)} left`);
  }
  return parts.join(', ');
}

function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 90 * 60 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** All that there is to say of a run. */
export function describeRun(run: RunView): void {
  say(`Run ${run.id} of rule "${run.rule}" of bucket "${run.bucket}" is ${run.state}.`);
  const retry = run.retryAt === null ? null : `at ${run.retryAt}, by itself`;
  printFacts([
    ['trigger', run.trigger],
    ['due', run.trigger === 'schedule' ? run.scheduledFor : null],
    ['started', run.startedAt],
    ['finished', run.finishedAt],
    ['tries', run.tries > 1 ? String(run.tries) : null],
    ['next try', retry],
    ['point in time', run.pointInTime],
    ['scanned', `${formatCount(run.scanned)} objects`],
    ['rows', formatCount(run.matched)],
    ['written', formatBytes(run.bytesWritten)],
    ['manifest', manifestUrl(run)],
    ['removed', run.removedAt === null ? null : `${run.removedAt}, as the rule's options ask`],
    ['reason', run.reason === null ? null : `${run.reason.code}: ${run.reason.text}`],
  ]);
}

/** As `verify` takes it; null when the run has no report. */
export function manifestUrl({ destination, manifest }: RunView): string | null {
  return manifest === null ? null : `oss://${destination}/${manifest}`;
}

/** A run in a line: how it stands, since when, and why. */
export function summaryOf({ id, state, startedAt, finishedAt, reason }: RunView): string {
  const since = finishedAt ?? startedAt;
  const why = reason === null ? '' : ` (${reason.code}: ${reason.text})`;
  return `${id}, ${state}${since === null ? '' : ` ${formatMinute(since)}`}${why}`;
}
