/**
 * From a draft to a rule. A body may be wrong in several ways at once, and clients compare error codes, so the order
 * of the checks is part of the contract (the inventory sheet, section 3.3). The first stage that fails answers alone:
 *
 * 1. nodes: is it whole and of the right kind (EC 05 to 18, rule-nodes.ts);
 * 2. values, each for itself: schedule (20), filter (21, 23, 22, 24, 25, 26), destination (27 to 32, 34, 38),
 *    fields (36), versions (37), Id (44);
 * 3. values against each other and the clock: times (22), sizes (25), the key id of SSE-OSS (35);
 * 4. incremental inventory, which is refused (rule-incremental.ts).
 *
 * What needs a look at the state (does the bucket exist, whose is it, how many rules are there) is not asked here,
 * nor whether the Id is that of the request (43).
 */
import {
  FREQUENCIES,
  MAX_DAY_OF_MONTH,
  MAX_RULE_ID_CHARACTERS,
  OBJECT_VERSIONS,
  type ObjectVersions,
  type Rule,
  type RuleSchedule,
} from './rule.ts';
import { checkDestination, refuseSseOssKeyId } from './rule-destination.ts';
import type { RuleDraft } from './rule-draft.ts';
import { checkFields } from './rule-fields.ts';
import { checkFilter, checkFilterRanges } from './rule-filter.ts';
import { refuseIncremental } from './rule-incremental.ts';
import { type RuleNodes, readNodes, type ScheduleNodes } from './rule-nodes.ts';
import { countCharacters, isPlainText, readBoolean, readInteger, trimBlanks, wrongValue } from './rule-text.ts';

/** The rule a draft describes, or a `DomainError` for its first fault. `nowSeconds` is the current Unix time. */
export function checkRule(draft: RuleDraft, nowSeconds: number): Rule {
  const nodes = readNodes(draft);
  const rule = checkValues(nodes);
  checkFilterRanges(rule.filter, nowSeconds);
  refuseSseOssKeyId(nodes.destination.encryption);
  if (draft.incrementalInventory !== undefined) refuseIncremental(draft.incrementalInventory);
  return rule;
}

function checkValues(nodes: RuleNodes): Rule {
  const schedule = checkSchedule(nodes.schedule);
  const filter = checkFilter(nodes.filter);
  const destination = checkDestination(nodes.destination);
  const optionalFields = checkFields(nodes.optionalFields);
  const includedObjectVersions = checkVersions(nodes.includedObjectVersions);
  const id = checkId(nodes.id);
  return { id, isEnabled: nodes.isEnabled, filter, destination, schedule, includedObjectVersions, optionalFields };
}

/** What belongs to another frequency is passed over unread, and so never echoed. */
function checkSchedule(nodes: ScheduleNodes): RuleSchedule {
  const frequency = FREQUENCIES.find((known) => known === nodes.frequency);
  if (frequency === undefined) {
    const expected = `be one of ${FREQUENCIES.join(', ')}`;
    throw wrongValue('RuleScheduleInvalid', { element: 'Schedule/Frequency', value: nodes.frequency, expected });
  }
  if (frequency === 'Monthly' && nodes.dayOfMonth !== undefined && trimBlanks(nodes.dayOfMonth) !== '') {
    return { frequency, dayOfMonth: checkDayOfMonth(nodes.dayOfMonth) };
  }
  if (frequency === 'Once' && nodes.autoDelete !== undefined && trimBlanks(nodes.autoDelete) !== '') {
    return { frequency, autoDelete: checkAutoDelete(nodes.autoDelete) };
  }
  return { frequency };
}

function checkDayOfMonth(value: string): number {
  const day = readInteger(value);
  if (day !== undefined && day >= 1 && day <= MAX_DAY_OF_MONTH) return day;
  const expected = `be a whole number from 1 to ${MAX_DAY_OF_MONTH}`;
  throw wrongValue('RuleScheduleInvalid', { element: 'Schedule/DayOfMonth', value, expected });
}

function checkAutoDelete(value: string): boolean {
  const autoDelete = readBoolean(value);
  if (autoDelete !== undefined) return autoDelete;
  throw wrongValue('RuleScheduleInvalid', { element: 'Schedule/AutoDelete', value, expected: 'be true or false' });
}

function checkVersions(value: string): ObjectVersions {
  const versions = OBJECT_VERSIONS.find((known) => known === value);
  if (versions !== undefined) return versions;
  const expected = `be one of ${OBJECT_VERSIONS.join(', ')}`;
  throw wrongValue('RuleVersionsInvalid', { element: 'IncludedObjectVersions', value, expected });
}

function checkId(value: string): string {
  if (value !== '' && countCharacters(value) <= MAX_RULE_ID_CHARACTERS && isPlainText(value)) return value;
  const expected = `have 1 to ${MAX_RULE_ID_CHARACTERS} characters, none of them a control character`;
  throw wrongValue('RuleIdInvalid', { element: 'Id', value, expected });
}
