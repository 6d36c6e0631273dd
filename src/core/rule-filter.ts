/**
 * The filter of a rule: each condition for itself (EC 21 and 23 to 26 in the inventory sheet, section 3.3), then
 * the conditions against each other and the clock (EC 22 and 25).
 */
import { STORAGE_CLASSES } from './record.ts';
import {
  ALL_STORAGE_CLASSES,
  MAX_FILTER_SIZE_BYTES,
  MAX_FILTER_TIME_SECONDS,
  MAX_RULE_PREFIX_CHARACTERS,
  MIN_FILTER_TIME_SECONDS,
  type RuleFilter,
} from './rule.ts';
import type { FilterNodes } from './rule-nodes.ts';
import { countCharacters, isPlainText, trimBlanks, wrongValue } from './rule-text.ts';
import { withoutUndefined } from './without-undefined.ts';

const BEGIN = 'Filter/LastModifyBeginTimeStamp';
const END = 'Filter/LastModifyEndTimeStamp';
const LOWER = 'Filter/LowerSizeBound';
const UPPER = 'Filter/UpperSizeBound';

/** Checks each value for itself. End comes before Begin, as the sample of EC 23 shows. */
export function checkFilter(nodes: FilterNodes): RuleFilter {
  const prefix = checkPrefix(nodes.prefix ?? '');
  checkEnd(nodes.lastModifiedEnd);
  checkBegin(nodes.lastModifiedBegin);
  checkUpperSize(nodes.upperSizeBytes);
  checkLowerSize(nodes.lowerSizeBytes);
  const storageClasses = checkStorageClasses(trimBlanks(nodes.storageClass ?? ''));
  return withoutUndefined({
    prefix,
    lastModifiedBegin: toNumber(nodes.lastModifiedBegin),
    lastModifiedEnd: toNumber(nodes.lastModifiedEnd),
    lowerSizeBytes: toNumber(nodes.lowerSizeBytes),
    upperSizeBytes: toNumber(nodes.upperSizeBytes),
    storageClasses,
  });
}

/** Every range that is accepted lies far within what a number holds exactly. */
function toNumber(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

/** Refuses ranges that hold nothing, and times that have not come yet: such a filter would change its meaning
 *  between two runs. */
export function checkFilterRanges(filter: RuleFilter, nowSeconds: number): void {
  const { lastModifiedBegin: begin, lastModifiedEnd: end, lowerSizeBytes: lower, upperSizeBytes: upper } = filter;
  if (begin !== undefined && end !== undefined && begin > end) {
    const expected = `not be after LastModifyEndTimeStamp, ${end}`;
    throw wrongValue('FilterTimesInvalid', { element: BEGIN, value: `${begin}`, expected });
  }
  refuseFuture(BEGIN, begin, nowSeconds);
  refuseFuture(END, end, nowSeconds);
  if (lower !== undefined && upper !== undefined && lower > upper) {
    const expected = `not be greater than UpperSizeBound, ${upper}`;
    throw wrongValue('FilterLowerSizeOutOfRange', { element: LOWER, value: `${lower}`, expected });
  }
}

function refuseFuture(element: string, seconds: number | undefined, nowSeconds: number): void {
  if (seconds === undefined || seconds < nowSeconds) return;
  const expected = `be in the past (it is now ${Math.floor(nowSeconds)})`;
  throw wrongValue('FilterTimesInvalid', { element, value: `${seconds}`, expected });
}

function checkPrefix(value: string): string | undefined {
  if (value === '') return undefined;
  if (countCharacters(value) > MAX_RULE_PREFIX_CHARACTERS || !isPlainText(value) || value.includes('&')) {
    const expected = `have at most ${MAX_RULE_PREFIX_CHARACTERS} characters, none of them "&" or a control character`;
    throw wrongValue('FilterPrefixInvalid', { element: 'Filter/Prefix', value, expected });
  }
  return value;
}

const timeRange = `lie between ${MIN_FILTER_TIME_SECONDS} and ${MAX_FILTER_TIME_SECONDS} (Unix seconds)`;

function checkEnd(seconds: bigint | undefined): void {
  if (seconds === undefined || isFilterTime(seconds)) return;
  throw wrongValue('FilterEndOutOfRange', { element: END, value: `${seconds}`, expected: timeRange });
}

function checkBegin(seconds: bigint | undefined): void {
  if (seconds === undefined || isFilterTime(seconds)) return;
  throw wrongValue('FilterTimesInvalid', { element: BEGIN, value: `${seconds}`, expected: timeRange });
}

function isFilterTime(seconds: bigint): boolean {
  return seconds >= MIN_FILTER_TIME_SECONDS && seconds <= MAX_FILTER_TIME_SECONDS;
}

function checkUpperSize(bytes: bigint | undefined): void {
  if (bytes === undefined || (bytes > 0 && bytes <= MAX_FILTER_SIZE_BYTES)) return;
  const expected = `lie between 1 and ${MAX_FILTER_SIZE_BYTES} (bytes)`;
  throw wrongValue('FilterUpperSizeOutOfRange', { element: UPPER, value: `${bytes}`, expected });
}

function checkLowerSize(bytes: bigint | undefined): void {
  if (bytes === undefined || (bytes >= 0 && bytes <= MAX_FILTER_SIZE_BYTES)) return;
  const expected = `lie between 0 and ${MAX_FILTER_SIZE_BYTES} (bytes)`;
  throw wrongValue('FilterLowerSizeOutOfRange', { element: LOWER, value: `${bytes}`, expected });
}

/** The list in byte order, as the original echoes it. "All" among others means all, and is stored as that alone. */
function checkStorageClasses(value: string): readonly string[] | undefined {
  if (value === '') return undefined;
  const known: readonly string[] = [ALL_STORAGE_CLASSES, ...STORAGE_CLASSES];
  const classes = new Set(value.split(','));
  for (const name of classes) {
    if (known.includes(name)) continue;
    const expected = `be a list with commas and without blanks, out of ${known.join(', ')}`;
    throw wrongValue('FilterStorageClassUnknown', { element: 'Filter/StorageClass', value, expected });
  }
  return classes.has(ALL_STORAGE_CLASSES) ? [ALL_STORAGE_CLASSES] : [...classes].sort();
}
