/** `latest.json` beside the folders of a rule's reports: which of them is the newest, for readers that list nothing. */

import { manifestKey, reportJsonKey } from './report.ts';
import { sha256Of } from './report-facts.ts';

const VERSION = '1';

/** What is read as a `latest.json` at the most: it holds two keys, and whatever JSON makes of their bytes. */
export const MAX_LATEST_BYTES = 64 * 1024;

export interface LatestReport {
  readonly runId: string;
  readonly pointInTimeMs: number;
  readonly manifestKey: string;
}

/** The bytes that name the report in `folder`; `facts` are those of its `report.json`, if it has one. */
export function renderLatest(
  { runId, pointInTimeMs, folder }: { readonly runId: string; readonly pointInTimeMs: number; readonly folder: string },
  { manifest, facts }: { readonly manifest: Uint8Array; readonly facts: Uint8Array | undefined },
): Buffer {
  const document = {
    version: VERSION,
    run: runId,
    pointInTime: new Date(pointInTimeMs).toISOString(),
    manifest: { key: manifestKey(folder), sha256: sha256Of(manifest) },
    report: facts === undefined ? null : { key: reportJsonKey(folder), sha256: sha256Of(facts) },
  };
  return Buffer.from(`${JSON.stringify(document, null, 2)}\n`);
}

/** What a `latest.json` names; undefined when the bytes are none. */
export function parseLatest(bytes: Uint8Array): LatestReport | undefined {
  try {
    const { version, run, pointInTime, manifest } = JSON.parse(
      Buffer.from(bytes).toString(),
    ) as Partial<LatestDocument>;
    const pointInTimeMs = typeof pointInTime === 'string' ? Date.parse(pointInTime) : Number.NaN;
    const key = manifest?.key;
    if (version !== VERSION || typeof run !== 'string' || typeof key !== 'string') return undefined;
    return Number.isNaN(pointInTimeMs) ? undefined : { runId: run, pointInTimeMs, manifestKey: key };
  } catch {
    return undefined; // Somebody else's object under the same name.
  }
}

/** What one of ours has; of anything else nothing is known. */
interface LatestDocument {
  readonly version: unknown;
  readonly run: unknown;
  readonly pointInTime: unknown;
  readonly manifest: { readonly key?: unknown } | null;
}
