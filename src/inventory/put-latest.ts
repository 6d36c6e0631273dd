/**
 * Keeps `latest.json` on the newest report of a rule, by its point in time: it is replaced whole and never goes back,
 * whichever of two runs comes last.
 */

import { DomainError } from '../core/errors.ts';
import { reach } from '../core/failpoint.ts';
import { MAX_LATEST_BYTES, parseLatest } from '../core/latest-report.ts';
import type { Destination, StoredFile } from './destination.ts';

/** How often something else may be there each time that it is written. */
const MAX_TRIES = 10;

const JSON_TYPE = 'application/json';

export interface NewLatest {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly pointInTimeMs: number;
}

/** Leaves what names a report of that instant or a later one, and what is no `latest.json`. */
export async function putLatest(destination: Destination, { key, bytes, pointInTimeMs }: NewLatest): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const current = await destination.read(key, MAX_LATEST_BYTES);
    if (current !== undefined && instantOf(key, current) >= pointInTimeMs) return;
    reach('report.put-latest');
    const isPut =
      current === undefined
        ? await destination.putNew(key, bytes, JSON_TYPE)
        : await destination.replace(key, bytes, JSON_TYPE, current);
    if (!isPut) continue;
    reach('report.latest-put');
    return;
  }
  throw new DomainError(
    'ReportInconsistent',
    `"${key}" was changed by others ${MAX_TRIES} times while it was to name this report. Have nothing else write it.`,
  );
}

function instantOf(key: string, { bytes }: StoredFile): number {
  const latest = bytes && parseLatest(bytes);
  if (latest !== undefined) return latest.pointInTimeMs;
  throw new DomainError(
    'ReportInconsistent',
    `"${key}" is something else than the name of the newest report, and is left as it is. Move it elsewhere, or switch latest.json off for the rule.`,
  );
}
