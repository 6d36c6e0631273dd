/**
 * When a rule is due, worked out again in another way than `core/schedule.ts`: the offsets of a zone are found by asking
 * `Intl` what its clocks show, and the dates by walking the calendar day by day from the anchor.
 */

import type { RuleSchedule } from '../src/core/rule.ts';
import type { ScheduleSetting } from '../src/core/schedule.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A time in which a zone's clocks are so much ahead of UTC. */
interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly aheadMs: number;
}

/** The clocks of a zone between two instants. Instants may be asked for to a month inside of either end. */
export class ZoneTable {
  readonly #clock: Intl.DateTimeFormat;
  readonly #stretches: Stretch[] = [];

  constructor(zone: string, fromMs: number, untilMs: number) {
    this.#clock = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    let startMs = fromMs;
    for (let ms = fromMs; ms < untilMs; ms += 6 * HOUR_MS) {
      const aheadMs = this.#aheadMs(ms);
      if (this.#aheadMs(ms + 6 * HOUR_MS) === aheadMs) continue;
      let change = ms + MINUTE_MS;
      while (this.#aheadMs(change) === aheadMs) change += MINUTE_MS;
      this.#stretches.push({ fromMs: startMs, untilMs: change, aheadMs });
      startMs = change;
    }
    this.#stretches.push({ fromMs: startMs, untilMs: untilMs + DAY_MS, aheadMs: this.#aheadMs(untilMs) });
  }

  /** What the clocks show, as if they showed UTC. */
  shown(ms: number): number {
    const stretch = this.#stretches.find(({ untilMs }) => ms < untilMs);
    if (stretch === undefined) throw new Error(`${new Date(ms).toISOString()} is not in the table`);
    return ms + stretch.aheadMs;
  }

  /** The first instant at which the clocks show `shownMs`; when they skip it, by the clock that they had before. */
  instant(shownMs: number): number {
    for (const { fromMs, untilMs, aheadMs } of this.#stretches) {
      const ms = shownMs - aheadMs;
      if (ms >= untilMs) continue;
      if (ms >= fromMs) return ms;
      const before = this.#stretches.find((stretch) => stretch.untilMs === fromMs);
      if (before !== undefined) return shownMs - before.aheadMs;
    }
    throw new Error(`${new Date(shownMs).toISOString()} is not in the table`);
  }

  /** All due times of a schedule after its anchor and up to `untilMs`, oldest first. */
  dueTimes(schedule: RuleSchedule, anchoredAtMs: number, untilMs: number, time: string): number[] {
    const [hours = 0, minutes = 0] = time.split(':').map(Number);
    const anchorDay = Math.floor(this.shown(anchoredAtMs) / DAY_MS);
    const lastDay = Math.floor(this.shown(untilMs) / DAY_MS);
    const due = new Set<number>();
    for (let day = anchorDay; day <= lastDay; day++) {
      if (!isDueOn(schedule, new Date(day * DAY_MS), day - anchorDay)) continue;
      const ms = this.instant(day * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS);
      if (ms > anchoredAtMs && ms <= untilMs) due.add(ms);
    }
    return [...due];
  }

  #aheadMs(ms: number): number {
    const parts = new Map(this.#clock.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? Number.NaN;
    const shownMs = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'));
    return shownMs - Math.floor(ms / MINUTE_MS) * MINUTE_MS;
  }
}

/** Between two instants, in the zone of a setting. */
export function dueTimesByHand(
  schedule: RuleSchedule,
  anchoredAtMs: number,
  untilMs: number,
  { time, zone }: ScheduleSetting,
): number[] {
  const table = new ZoneTable(zone, anchoredAtMs - 31 * DAY_MS, untilMs + 31 * DAY_MS);
  return table.dueTimes(schedule, anchoredAtMs, untilMs, time);
}

function isDueOn({ frequency, dayOfMonth }: RuleSchedule, date: Date, daysSinceAnchor: number): boolean {
  if (frequency === 'Daily') return true;
  if (frequency === 'Weekly') return daysSinceAnchor % 7 === 0;
  if (frequency === 'Once') return false;
  if (dayOfMonth === undefined) return daysSinceAnchor > 0 && daysSinceAnchor % 30 === 0;
  const tomorrow = new Date(date.getTime() + DAY_MS);
  const isLastDay = tomorrow.getUTCDate() === 1;
  return date.getUTCDate() === dayOfMonth || (isLastDay && date.getUTCDate() < dayOfMonth);
}
