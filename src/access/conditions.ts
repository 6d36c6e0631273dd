/**
 * Conditions of policies against the circumstances of a request (protocol sheet, section 4.1). A key that the request
 * doesn't answer, or whose answer the operator can't read, is unlike every value: an operator like `StringEquals` doesn't
 * hold then, and a negated one like `StringNotEquals` does.
 */

import { type IpRange, isInRange, parseIp, parseIpRange } from '../core/ip-range.ts';
import { CONDITION_OPERATORS, type Condition, type ConditionOperator } from '../core/policy.ts';
import type { Tag } from '../core/stored-object.ts';
import { matchesWildcard } from '../core/wildcard.ts';
import type { RequestContext, Resource } from './access.ts';
import type { Identity } from './identity.ts';

/** What conditions may ask about. */
export interface Circumstances {
  readonly identity: Identity;
  /** Empty for what no request asks for. */
  readonly context: Partial<RequestContext>;
  /** Absent when a role is to be assumed. */
  readonly resource?: Resource;
}

/** Whether all of them hold. */
export function conditionsHold(conditions: readonly Condition[], circumstances: Circumstances): boolean {
  return conditions.every((condition) => conditionHolds(condition, circumstances));
}

function conditionHolds(condition: Condition, circumstances: Circumstances): boolean {
  const given = answerTo(condition.key, circumstances);
  const fits = given !== undefined && FITS_ONE[condition.operator](given, condition);
  return fits !== NEGATED.has(condition.operator);
}

/** Whether an answer fits one of the condition's values. */
type Fitting = (given: string, condition: Condition) => boolean;

const NEGATED: ReadonlySet<ConditionOperator> = new Set(CONDITION_OPERATORS.filter((name) => name.includes('Not')));

/** What OSS knows is no longer. A User-Agent may be; the rest of it is not worth the time that a pattern may take. */
const MAX_LIKE_CHARACTERS = 1024;

const isSame: Fitting = fitsText((given, value) => given === value);
const isSameIgnoringCase: Fitting = fitsText((given, value) => given.toLowerCase() === value.toLowerCase());
const isLike: Fitting = fitsText((given, value) => matchesWildcard(value, given.slice(0, MAX_LIKE_CHARACTERS)));
const isSameNumber: Fitting = fitsNumber((given, value) => given === value);
const isSameDate: Fitting = fitsDate((given, value) => given === value);

const FITS_ONE: Readonly<Record<ConditionOperator, Fitting>> = {
  StringEquals: isSame,
  StringNotEquals: isSame,
  StringEqualsIgnoreCase: isSameIgnoringCase,
  StringNotEqualsIgnoreCase: isSameIgnoringCase,
  StringLike: isLike,
  StringNotLike: isLike,
  NumericEquals: isSameNumber,
  NumericNotEquals: isSameNumber,
  NumericLessThan: fitsNumber((given, value) => given < value),
  NumericLessThanEquals: fitsNumber((given, value) => given <= value),
  NumericGreaterThan: fitsNumber((given, value) => given > value),
  NumericGreaterThanEquals: fitsNumber((given, value) => given >= value),
  DateEquals: isSameDate,
  DateNotEquals: isSameDate,
  DateLessThan: fitsDate((given, value) => given < value),
  DateLessThanEquals: fitsDate((given, value) => given <= value),
  DateGreaterThan: fitsDate((given, value) => given > value),
  DateGreaterThanEquals: fitsDate((given, value) => given >= value),
  Bool: isSameIgnoringCase,
  IpAddress: isInOneRange,
  NotIpAddress: isInOneRange,
};

function fitsText(fits: (given: string, value: string) => boolean): Fitting {
  return (given, { values }) => values.some((value) => fits(given, value));
}

/** No comparison holds with what is not a number. */
function fitsNumber(fits: (given: number, value: number) => boolean): Fitting {
  return fitsText((given, value) => fits(given.trim() === '' ? Number.NaN : Number(given), Number(value)));
}

function fitsDate(fits: (given: number, value: number) => boolean): Fitting {
  return fitsText((given, value) => fits(Date.parse(given), Date.parse(value)));
}

/** Read once for each condition, because a list of ranges may be long and is asked at every request. */
const RANGES = new WeakMap<Condition, readonly IpRange[]>();

function isInOneRange(given: string, condition: Condition): boolean {
  const address = parseIp(given);
  return address !== undefined && rangesOf(condition).some((range) => isInRange(address, range));
}

function rangesOf(condition: Condition): readonly IpRange[] {
  const known = RANGES.get(condition);
  if (known !== undefined) return known;
  const ranges = condition.values.map(parseIpRange).filter((range) => range !== undefined);
  RANGES.set(condition, ranges);
  return ranges;
}

/** What the request says to the key; undefined when it says nothing. */
function answerTo(key: string, { identity, context, resource }: Circumstances): string | undefined {
  switch (key) {
    case 'acs:SourceIp':
      return context.sourceIp;
    case 'acs:UserAgent':
      return context.userAgent;
    case 'acs:CurrentTime':
      return context.nowMs === undefined ? undefined : new Date(context.nowMs).toISOString();
    case 'acs:SecureTransport':
      return context.isSecure === undefined ? undefined : String(context.isSecure);
    case 'acs:AccessId':
      return identity.kind === 'anonymous' ? undefined : identity.accessKeyId;
    case 'acs:MFAPresent':
      // Keys sign without a second factor.
      return 'false';
    case 'oss:Prefix':
      return context.prefix;
    case 'oss:Delimiter':
      return context.delimiter;
    default:
      return tagAnswer(key, context, resource);
  }
}

/** `acs:SourceVpc` ends here too: there are no VPCs. */
function tagAnswer(key: string, context: Partial<RequestContext>, resource: Resource | undefined): string | undefined {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  switch (key.slice(0, slash)) {
    case 'oss:BucketTag':
      return tagValue(name, resource?.bucket?.tags);
    case 'oss:ExistingObjectTag':
      return tagValue(name, resource?.object?.()?.tags);
    case 'oss:RequestObjectTag':
      return tagValue(name, context.requestTags);
    default:
      return undefined;
  }
}

function tagValue(name: string, tags: readonly Tag[] | undefined): string | undefined {
  return tags?.find(({ key }) => key === name)?.value;
}
