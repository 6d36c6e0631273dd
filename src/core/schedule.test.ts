import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ZoneTable } from '../../test/due-times.ts';
import type { RuleSchedule } from './rule.ts';
import { dueTimes, nextDue, type ScheduleSetting } from './schedule.ts';

const DAY_MS = 86_400_000;
const MIDNIGHT_IN_CHINA = { time: '00:00', zone: 'Asia/Shanghai' };
const DAILY = { frequency: 'Daily' } as const;

const at = (text: string) => Date.parse(text);
const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16));

/** The first due times after the anchor. */
function firstDue(schedule: RuleSchedule, anchor: string, count: number, setting: ScheduleSetting) {
  const found: (string | undefined)[] = [];
  let afterMs = at(anchor);
  for (let index = 0; index < count; index++) {
    const dueMs = nextDue(schedule, { anchoredAtMs: at(anchor), afterMs }, setting);
    found.push(iso(dueMs));
    afterMs = dueMs ?? afterMs;
  }
  return found;
}

test('a daily rule is due each day at the set time of the set zone', () => {
  expect(firstDue(DAILY, '2026-10-04T10:00Z', 3, MIDNIGHT_IN_CHINA)).toEqual([
    '2026-10-04T16:00',
    '2026-10-05T16:00',
    '2026-10-06T16:00',
  ]);
});

test('a rule that is made at the very set time is due the next time', () => {
  expect(firstDue(DAILY, '2026-10-04T16:00Z', 1, MIDNIGHT_IN_CHINA)).toEqual(['2026-10-05T16:00']);
});

test('a weekly rule is due on the weekday on which it was made, where the set zone is', () => {
  // 17:00 in London, and Monday already in Shanghai.
  expect(firstDue({ frequency: 'Weekly' }, '2026-10-04T16:00:01Z', 2, MIDNIGHT_IN_CHINA)).toEqual([
    '2026-10-11T16:00',
    '2026-10-18T16:00',
  ]);
});

test('a weekly rule is due on its first day if the set time is still to come', () => {
  const evening = { time: '22:30', zone: 'UTC' };
  expect(firstDue({ frequency: 'Weekly' }, '2026-10-04T16:00Z', 2, evening)).toEqual([
    '2026-10-04T22:30',
    '2026-10-11T22:30',
  ]);
});

test('a monthly rule is due on its day, or on the last one of a shorter month', () => {
  const schedule = { frequency: 'Monthly', dayOfMonth: 31 } as const;
  expect(firstDue(schedule, '2027-12-31T01:00Z', 5, { time: '00:00', zone: 'UTC' })).toEqual([
    '2028-01-31T00:00',
    '2028-02-29T00:00',
    '2028-03-31T00:00',
    '2028-04-30T00:00',
    '2028-05-31T00:00',
  ]);
});

test('a monthly rule without a day is due every thirty days from the day on which it was made', () => {
  expect(firstDue({ frequency: 'Monthly' }, '2026-10-04T01:00Z', 3, { time: '12:00', zone: 'UTC' })).toEqual([
    '2026-11-03T12:00',
    '2026-12-03T12:00',
    '2027-01-02T12:00',
  ]);
});

test('a rule that runs once is never due again', () => {
  expect(firstDue({ frequency: 'Once' }, '2026-10-04T01:00Z', 1, MIDNIGHT_IN_CHINA)).toEqual([undefined]);
  const since = { anchoredAtMs: 0, afterMs: 0, untilMs: at('2026-10-04T01:00Z') };
  expect(dueTimes({ frequency: 'Once' }, since, MIDNIGHT_IN_CHINA, 10)).toEqual({ times: [], earlier: 0 });
});

test.each<[string, string, string, string, string[]]>([
  [
    'midnight that a zone skips',
    'America/Sao_Paulo',
    '00:00',
    '2018-11-03T12:00Z',
    ['2018-11-04T03:00', '2018-11-05T02:00'],
  ],
  [
    'midnight that a zone has twice',
    'America/Sao_Paulo',
    '23:30',
    '2018-02-17T03:00Z',
    ['2018-02-18T01:30', '2018-02-19T02:30'],
  ],
  ['midnight skipped in Beirut', 'Asia/Beirut', '00:00', '2024-03-30T12:00Z', ['2024-03-30T22:00', '2024-03-31T21:00']],
  ['midnight skipped in Cairo', 'Africa/Cairo', '00:00', '2024-04-25T12:00Z', ['2024-04-25T22:00', '2024-04-26T21:00']],
  [
    'half an hour skipped',
    'Australia/Lord_Howe',
    '02:15',
    '2026-10-03T00:00Z',
    ['2026-10-03T15:45', '2026-10-04T15:15'],
  ],
  ['half an hour twice', 'Australia/Lord_Howe', '01:45', '2026-04-04T00:00Z', ['2026-04-04T14:45', '2026-04-05T15:15']],
  [
    'a day that a zone skips',
    'Pacific/Apia',
    '10:00',
    '2011-12-29T00:00Z',
    ['2011-12-29T20:00', '2011-12-30T20:00', '2011-12-31T20:00'],
  ],
])('each date is due once: %s', (_, zone, time, anchor, expected) => {
  expect(firstDue(DAILY, anchor, expected.length, { time, zone })).toEqual(expected);
});

test.each<[string, RuleSchedule, string]>([
  ['weekly', { frequency: 'Weekly' }, '2011-12-23T12:00Z'],
  ['monthly', { frequency: 'Monthly', dayOfMonth: 30 }, '2011-12-01T12:00Z'],
  ['every thirty days', { frequency: 'Monthly' }, '2011-11-30T12:00Z'],
])('what is due on a date that does not exist is due on the next: %s', (_, schedule, anchor) => {
  expect(firstDue(schedule, anchor, 1, { time: '00:00', zone: 'Pacific/Apia' })).toEqual(['2011-12-30T10:00']);
});

test('so it is when the next date has begun already', () => {
  const since = { anchoredAtMs: at('2011-12-23T12:00Z'), afterMs: at('2011-12-30T15:00Z') };
  const dueMs = nextDue({ frequency: 'Weekly' }, since, { time: '10:00', zone: 'Pacific/Apia' });
  expect(iso(dueMs)).toBe('2011-12-30T20:00');
});

describe('of the due times in a stretch', () => {
  const untilMs = at('2026-10-14T16:00Z');
  const since = { anchoredAtMs: at('2026-10-01T00:00Z'), afterMs: at('2026-10-04T16:00Z'), untilMs };

  test('the newest are named and the others counted; the end belongs to it, the start does not', () => {
    const { times, earlier } = dueTimes(DAILY, since, MIDNIGHT_IN_CHINA, 3);
    expect(times.map(iso)).toEqual(['2026-10-12T16:00', '2026-10-13T16:00', '2026-10-14T16:00']);
    expect(earlier).toBe(7);
  });

  test('all are named when they are no more than asked for', () => {
    expect(dueTimes(DAILY, since, MIDNIGHT_IN_CHINA, 10)).toMatchObject({ earlier: 0, times: { length: 10 } });
  });

  test('there are none in one that ends before it begins', () => {
    const none = { ...since, afterMs: untilMs + DAY_MS };
    expect(dueTimes(DAILY, none, MIDNIGHT_IN_CHINA, 10)).toEqual({ times: [], earlier: 0 });
  });

  test('a date that does not exist is not counted, whether it is among the named or the others', () => {
    const [anchoredAtMs, setting] = [at('2011-12-25T00:00Z'), { time: '00:00', zone: 'Pacific/Apia' }];
    const apia = { anchoredAtMs, afterMs: anchoredAtMs, untilMs: at('2012-01-02T12:00Z') };
    const all = dueTimes(DAILY, apia, setting, 100);
    expect(all).toMatchObject({ earlier: 0, times: { length: 9 } });
    for (let limit = 1; limit < 9; limit++) {
      expect(dueTimes(DAILY, apia, setting, limit)).toEqual({ times: all.times.slice(-limit), earlier: 9 - limit });
    }
  });
});

describe('over decades and zones, as worked out by hand', () => {
  const fromMs = at('1990-01-01T00:00Z');
  const untilMs = at('2035-01-01T00:00Z');
  const zones = [
    'Asia/Shanghai',
    'UTC',
    'America/New_York',
    'America/Sao_Paulo',
    'Asia/Beirut',
    'Africa/Cairo',
    'Africa/Casablanca',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Pacific/Kwajalein',
    'Pacific/Kiritimati',
    'Asia/Pyongyang',
    'America/Caracas',
  ];
  const anySchedule: fc.Arbitrary<RuleSchedule> = fc.oneof(
    fc.constantFrom<RuleSchedule>({ frequency: 'Daily' }, { frequency: 'Weekly' }, { frequency: 'Monthly' }),
    fc.integer({ min: 1, max: 31 }).map((dayOfMonth) => ({ frequency: 'Monthly' as const, dayOfMonth })),
  );
  const twoDigits = (max: number) => fc.integer({ min: 0, max }).map((value) => String(value).padStart(2, '0'));
  // Most changes of a clock come in the first hours of a day.
  const anyTime = fc
    .tuple(fc.oneof(twoDigits(3), twoDigits(23)), fc.oneof(fc.constantFrom('00', '15', '30'), twoDigits(59)))
    .map((parts) => parts.join(':'));
  const anyInstant = fc.integer({ min: fromMs + 31 * DAY_MS, max: untilMs - 400 * DAY_MS });

  test.each(zones)('%s', (zone) => {
    const table = new ZoneTable(zone, fromMs, untilMs);
    fc.assert(
      fc.property(
        anySchedule,
        anyTime,
        fc.tuple(anyInstant, anyInstant).map((instants) => instants.toSorted((a, b) => a - b) as [number, number]),
        fc.integer({ min: 1, max: 40 }),
        (schedule, time, [anchoredAtMs, afterMs], limit) => {
          const setting = { time, zone };
          const known = table.dueTimes(schedule, anchoredAtMs, untilMs - 32 * DAY_MS, time);
          const later = known.filter((ms) => ms > afterMs);
          expect(nextDue(schedule, { anchoredAtMs, afterMs }, setting)).toBe(later[0]);
          // From the anchor up to there, which may be decades.
          const earlier = known.filter((ms) => ms <= afterMs);
          expect(dueTimes(schedule, { anchoredAtMs, afterMs: anchoredAtMs, untilMs: afterMs }, setting, limit)).toEqual(
            {
              times: earlier.slice(-limit),
              earlier: Math.max(0, earlier.length - limit),
            },
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
