/** The options of a rule as a JSON document, which is bounded; what its numbers may be is not said here. */

import { z } from 'zod';
import { DomainError } from '../../core/errors.ts';
import { isNestedBeyond } from '../../core/json-depth.ts';
import { findRepeatedKey } from '../../core/json-keys.ts';
import { printable } from '../../core/printable.ts';
import { DEFAULT_RULE_OPTIONS, type RuleOptions } from '../../core/rule-options.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';

/** A document with all there is takes a fortieth of it. */
export const MAX_RULE_OPTIONS_BYTES = 4 * 1024;

const MAX_LEVELS = 8;

const kept = z.number().optional();

const schema = z.strictObject({
  retention: z.strictObject({ keepReports: kept, keepDays: kept }).optional(),
  latest: z.boolean().default(DEFAULT_RULE_OPTIONS.latest),
});

/** Throws `InvalidArgument` for whatever is no such document. What it leaves out is as if it had never been set. */
export function parseRuleOptions(body: Uint8Array): RuleOptions {
  const result = schema.safeParse(parseJson(body));
  if (result.success) {
    const { retention, latest } = result.data;
    return { ...(retention !== undefined && { retention: withoutUndefined(retention) }), latest };
  }
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.') || 'The document'}: ${message}`);
  throw invalid(`${printable(faults.join('; '), 500)}.`);
}

function parseJson(body: Uint8Array): unknown {
  const [text, document] = decode(body);
  const repeated = findRepeatedKey(text);
  if (repeated === undefined) return document;
  throw invalid(`It names "${printable(repeated)}" twice in one object, and each key may stand once.`);
}

function decode(body: Uint8Array): [text: string, document: unknown] {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    if (!isNestedBeyond(MAX_LEVELS, text)) return [text, JSON.parse(text)];
  } catch {
    // The words of either decoder would repeat the body.
  }
  throw invalid('It has to be one JSON object in UTF-8, as in {"retention": {"keepReports": 7}, "latest": true}.');
}

function invalid(text: string): DomainError {
  return new DomainError('InvalidArgument', `The options of the rule are not valid. ${text}`);
}
