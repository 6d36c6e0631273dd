/** A policy document as it is kept. */

import { parsePolicy } from '../../core/policy-document.ts';

/** The document as compact JSON, once it is known to be a policy of this kind. Throws `PolicyMalformed`. */
export function policyText(document: unknown, kind: 'identity' | 'trust'): string {
  parsePolicy(document, kind);
  return JSON.stringify(document);
}
