/** Keys to ask about in place of all that the runs of a rule may write, which nobody can know beforehand. */

import type { Bucket } from '../core/bucket.ts';
import type { Policy } from '../core/policy.ts';
import { type ReportPlace, reportKeyForms } from '../core/report.ts';
import { resourceFields } from '../core/resource-pattern.ts';
import { overlap } from './pattern-overlap.ts';

/** More such patterns than anybody writes. Should there be others, the run is refused at the key that one of them meets. */
const MAX_DENIED_KEYS = 100;

export interface ReportKeys {
  readonly place: ReportPlace;
  /** Whether `latest.json` is written as well. */
  readonly keepsLatest: boolean;
  readonly destination: Bucket;
}

/**
 * A form as it is passes only where whatever varies in it is allowed; and for each pattern by which the policies may deny
 * some of its keys, there is one of those.
 */
export function possibleKeys(
  { place, keepsLatest, destination }: ReportKeys,
  policies: readonly Policy[],
): readonly string[] {
  const forms = reportKeyForms(place, keepsLatest);
  return [...forms, ...deniedKeys(forms, destination, policies).take(MAX_DENIED_KEYS)];
}

function* deniedKeys(forms: readonly string[], destination: Bucket, policies: readonly Policy[]) {
  const statements = policies.flatMap((policy) => policy.statements);
  const patterns = statements.flatMap(({ effect, resources = [] }) => (effect === 'Deny' ? resources : []));
  const root = `${destination.name}/`;
  for (const pattern of new Set(patterns.map(objectPattern))) {
    for (const form of forms) {
      const met = overlap(root + form, pattern);
      if (met !== undefined) yield met.slice(root.length);
    }
  }
}

/** What a pattern says of bucket and key; whether the rest of it fits is for the decision. */
function objectPattern(pattern: string): string {
  return resourceFields(pattern)?.[3] ?? pattern;
}
