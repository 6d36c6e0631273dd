import type { Bucket } from '../core/bucket.ts';
import type { Policy } from '../core/policy.ts';
import { parsePolicyText } from '../core/policy-document.ts';

/** Policies that were read, by their text; those that were asked for longest ago go first. */
const READ = new Map<string, Policy>();
export const MAX_BUCKET_POLICIES_KEPT = 500;

/** The policy of the bucket, read once for each text. */
export function bucketPolicyOf({ policy: text }: Pick<Bucket, 'policy'>): Policy | undefined {
  if (text === undefined) return undefined;
  const policy = READ.get(text) ?? readStored(text);
  READ.delete(text);
  READ.set(text, policy);
  if (READ.size > MAX_BUCKET_POLICIES_KEPT) {
    const [oldest] = READ.keys();
    if (oldest !== undefined) READ.delete(oldest);
  }
  return policy;
}

/** What another version of this program stored and this one can't read might have denied anything to anybody. */
const DENIES_EVERYTHING: Policy = {
  statements: [
    {
      effect: 'Deny',
      actions: { isNot: false, patterns: ['*'] },
      resources: ['*'],
      principals: { isEveryone: true, names: [], services: [] },
      conditions: [],
    },
  ],
};

/** It was checked when it was put. The owner gets out of a policy that can't be read: a root reads and replaces it. */
function readStored(text: string): Policy {
  try {
    return parsePolicyText(text, 'bucket');
  } catch {
    return DENIES_EVERYTHING;
  }
}
