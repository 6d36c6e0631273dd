/**
 * When a rule is due: local dates that follow from its frequency, each at the time of day that is set for the server in
 * the zone that is set (docs/reference/schedules.md). Arithmetic, not stepping: a rule that was anchored decades ago
 * costs no more than one of today. Days and offsets are the standard's own, by Temporal.
 *
 * A set time that a zone skips is due as much later as the gap is long, and one that it has twice is due the first time.
 * So a date that does not exist (Pacific/Apia, 2011-12-30) shares the due time of the next one.
 */

import { Temporal } from 'temporal-polyfill';
import type { RuleSchedule } from './rule.ts';

export interface ScheduleSetting {
  /** A time of day, as in `00:00`. */
  readonly time: string;
  /** An IANA time zone, as in `Asia/Shanghai`. */
  readonly zone: string;
}

/** From when on a schedule counts, and from when on one asks. */
export interface DueSince {
  /** When the schedule was set: nothing is due then or before. */
  readonly anchoredAtMs: number;
  readonly afterMs: number;
}

export interface DueTimes {
  /** The newest ones, oldest first. */
  readonly times: readonly number[];
  /** How many more there are before those. */
  readonly earlier: number;
}

const DAY_MS = 86_400_000;
/** Monthly without a day of the month is this many days. */
const MONTH_DAYS = 30;

/** The first due time after both the anchor and `afterMs`; undefined for a schedule that has none. */
export function nextDue(schedule: RuleSchedule, since: DueSince, setting: ScheduleSetting): number | undefined {
  const dates = dueDates(schedule, since, setting);
  if (dates === undefined) return undefined;
  return instantOf(dates.at(firstAfter(dates, startMs(since), setting)), setting);
}

/** The due times in (`afterMs`, `untilMs`] that lie after the anchor: the newest `limit` of them, and a count of the rest. */
export function dueTimes(
  schedule: RuleSchedule,
  { untilMs, ...since }: DueSince & { readonly untilMs: number },
  setting: ScheduleSetting,
  limit: number,
): DueTimes {
  const dates = dueDates(schedule, since, setting);
  if (dates === undefined || untilMs <= startMs(since)) return { times: [], earlier: 0 };
  const first = firstAfter(dates, startMs(since), setting);
  const times: number[] = [];
  let index = firstAfter(dates, untilMs, setting) - 1;
  for (; index >= first && times.length < limit; index--) {
    const dueMs = instantOf(dates.at(index), setting);
    // A date that does not exist is due with the next one, which is here already.
    if (times[0] !== dueMs) times.unshift(dueMs);
  }
  const [oldest] = times;
  if (index < first || oldest === undefined) return { times, earlier: 0 };
  const elapsedMs = oldest - instantOf(dates.at(first), setting);
  return { times, earlier: dates.dueTimesIn(index + 1 - first, elapsedMs) };
}

/** The local dates on which a schedule is due, numbered in their order. */
interface DueDates {
  /** Dates before this one are none. */
  readonly first: number;
  at(index: number): Temporal.PlainDate;
  /** The number of the first one on `date` or later. */
  from(date: Temporal.PlainDate): number;
  /** How many due times there are from one to another that is so many dates and so much time later, without that one. */
  dueTimesIn(dates: number, elapsedMs: number): number;
}

function dueDates(
  { frequency, dayOfMonth }: RuleSchedule,
  { anchoredAtMs }: DueSince,
  { zone }: ScheduleSetting,
): DueDates | undefined {
  const anchor = dateAt(anchoredAtMs, zone);
  switch (frequency) {
    case 'Daily':
      return everyDays(1, anchor, 0);
    case 'Weekly':
      return everyDays(7, anchor, 0);
    case 'Monthly':
      return dayOfMonth === undefined ? everyDays(MONTH_DAYS, anchor, 1) : everyMonth(dayOfMonth);
    case 'Once':
      return undefined;
  }
}

function everyDays(days: number, anchor: Temporal.PlainDate, first: number): DueDates {
  return {
    first,
    at: (index) => anchor.add({ days: days * index }),
    from: (date) => Math.ceil(anchor.until(date).days / days),
    // By the time that went by, because a date that does not exist has no due time of its own.
    dueTimesIn: (_, elapsedMs) => Math.round(elapsedMs / (days * DAY_MS)),
  };
}

/** A month that is too short has its last day instead. */
function everyMonth(day: number): DueDates {
  const dates: DueDates = {
    first: Number.NEGATIVE_INFINITY,
    at: (index) => Temporal.PlainDate.from({ year: Math.floor(index / 12), month: (index % 12) + 1, day }),
    from(date) {
      const index = date.year * 12 + date.month - 1;
      return Temporal.PlainDate.compare(dates.at(index), date) < 0 ? index + 1 : index;
    },
    dueTimesIn: (months) => months,
  };
  return dates;
}

/** The number of the first date whose due time lies after `ms`. */
function firstAfter(dates: DueDates, ms: number, setting: ScheduleSetting): number {
  // The day before may be one that a zone skipped, whose due time is that of the day itself.
  const dayBefore = dateAt(ms, setting.zone).subtract({ days: 1 });
  let index = Math.max(dates.first, dates.from(dayBefore));
  while (instantOf(dates.at(index), setting) <= ms) index++;
  return index;
}

function startMs({ anchoredAtMs, afterMs }: DueSince): number {
  return Math.max(anchoredAtMs, afterMs);
}

function instantOf(date: Temporal.PlainDate, { time, zone }: ScheduleSetting): number {
  return date.toZonedDateTime({ timeZone: zone, plainTime: time }).epochMilliseconds;
}

function dateAt(ms: number, zone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).toPlainDate();
}
