/** The `Condition` of a statement: operators, the keys that this service knows, and what values each operator takes. */

import { parseIpRange } from './ip-range.ts';
import { CONDITION_OPERATORS, type Condition, type ConditionOperator } from './policy.ts';
import { malformedPolicy } from './policy-fault.ts';
import { readEntries, readTexts } from './policy-nodes.ts';

/** Keys of RAM and OSS that a request can answer (protocol sheet, section 4.1). */
const CONDITION_KEYS = [
  'acs:SourceIp',
  'acs:SourceVpc',
  'acs:UserAgent',
  'acs:CurrentTime',
  'acs:SecureTransport',
  'acs:AccessId',
  'acs:MFAPresent',
  'oss:Prefix',
  'oss:Delimiter',
] as const;
/** Each is followed by the key of a tag. */
const TAG_CONDITION_KEYS = ['oss:BucketTag/', 'oss:ExistingObjectTag/', 'oss:RequestObjectTag/'] as const;

/**
 * Reads the conditions of a statement. A key that is not known is refused rather than taken as absent from every
 * request: misspelt under a negated operator it would always hold.
 */
export function readConditions(node: unknown, path: string): readonly Condition[] {
  if (node === undefined) return [];
  return readEntries(node, path).flatMap(([name, keys]) => {
    const operator = CONDITION_OPERATORS.find((known) => known === name);
    if (operator === undefined) {
      throw malformedPolicy(`an operator of ${path}`, name, `accepted are ${CONDITION_OPERATORS.join(', ')}`);
    }
    return readEntries(keys, `${path}.${operator}`).map(([key, values]) =>
      readCondition(operator, key, { path: `${path}.${operator}`, values }),
    );
  });
}

function readCondition(
  operator: ConditionOperator,
  key: string,
  { path, values }: { readonly path: string; readonly values: unknown },
): Condition {
  if (!isKnownKey(key)) {
    const tags = TAG_CONDITION_KEYS.map((prefix) => `${prefix}<key of a tag>`);
    throw malformedPolicy(`a key of ${path}`, key, `accepted are ${[...CONDITION_KEYS, ...tags].join(', ')}`);
  }
  const { kept, accepted } = valueRule(operator);
  const nodes = Array.isArray(values) ? values.map(textOfScalar) : textOfScalar(values);
  const read = readTexts(nodes, `${path}.${key}`).map((text) => {
    const value = kept(key === 'acs:SecureTransport' ? securityOf(text) : text);
    if (value === undefined) throw malformedPolicy(`${path}.${key}`, text, accepted);
    return value;
  });
  return { operator, key, values: read };
}

function isKnownKey(key: string): boolean {
  if (CONDITION_KEYS.some((known) => known === key)) return true;
  return TAG_CONDITION_KEYS.some((prefix) => key.startsWith(prefix) && key.length > prefix.length);
}

/** JSON's own numbers and booleans are what their text says. */
function textOfScalar(node: unknown): unknown {
  return typeof node === 'number' || typeof node === 'boolean' ? String(node) : node;
}

/** One page of the original writes HTTPS and HTTP where the others write true and false. */
function securityOf(text: string): string {
  if (text === 'HTTPS') return 'true';
  return text === 'HTTP' ? 'false' : text;
}

interface ValueRule {
  /** The value as it is kept; undefined when it is not accepted. */
  readonly kept: (text: string) => string | undefined;
  readonly accepted: string;
}

function valueRule(operator: ConditionOperator): ValueRule {
  if (operator.startsWith('Numeric')) return NUMBERS;
  if (operator.startsWith('Date')) return DATES;
  if (operator.endsWith('IpAddress')) return RANGES;
  return operator === 'Bool' ? BOOLEANS : TEXTS;
}

const NUMBER = /^-?\d{1,15}(?:\.\d{1,15})?$/;
const NUMBERS: ValueRule = {
  kept: (text) => (NUMBER.test(text) ? text : undefined),
  accepted: 'a decimal number is accepted',
};

/** `Date` reads a day without a time as its midnight in UTC. */
const ISO_DATE = /^(?<day>\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;
const DATES: ValueRule = {
  kept: (text) => (isIsoDate(text) ? text : undefined),
  accepted: 'a date as in 2026-01-31, 2026-01-31T00:00:00Z or 2026-01-31T08:00:00+08:00 is accepted',
};

const RANGES: ValueRule = {
  kept: (text) => (parseIpRange(text) === undefined ? undefined : text),
  accepted: 'an IPv4 or IPv6 address is accepted, or a range as in 192.168.0.0/16',
};

const BOOLEANS: ValueRule = {
  kept: (text) => ['true', 'false'].find((word) => word === text.toLowerCase()),
  accepted: 'true or false is accepted',
};

const TEXTS: ValueRule = { kept: (text) => text, accepted: 'a text is accepted' };

function isIsoDate(text: string): boolean {
  const day = ISO_DATE.exec(text)?.groups?.day;
  if (day === undefined || Number.isNaN(Date.parse(text))) return false;
  // `Date` takes the 30th of February for a day in March.
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}
