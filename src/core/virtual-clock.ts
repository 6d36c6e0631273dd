/** A clock that stands still until it is moved: for trying in seconds what schedules do in a year. */

import type { AlarmClock } from './clock.ts';

interface Alarm {
  readonly atMs: number;
  readonly ring: () => void;
}

export class VirtualClock implements AlarmClock {
  #nowMs: number;
  readonly #alarms = new Set<Alarm>();

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  alarm(atMs: number, ring: () => void): () => void {
    const alarm = { atMs, ring };
    this.#alarms.add(alarm);
    // Whoever sets an alarm is through with what it is doing before it rings.
    if (atMs <= this.#nowMs) setImmediate(() => this.#ring(alarm));
    return () => this.#alarms.delete(alarm);
  }

  /** When the next alarm would ring; undefined when none is set. */
  get nextAlarmMs(): number | undefined {
    let next: number | undefined;
    for (const { atMs } of this.#alarms) if (next === undefined || atMs < next) next = atMs;
    return next;
  }

  /** Shows another time from now on, also an earlier one, and rings what is due by it, in order. */
  set(nowMs: number): void {
    this.#nowMs = nowMs;
    const due = [...this.#alarms].filter(({ atMs }) => atMs <= nowMs);
    for (const alarm of due.toSorted((one, other) => one.atMs - other.atMs)) this.#ring(alarm);
  }

  #ring(alarm: Alarm): void {
    if (this.#alarms.delete(alarm)) alarm.ring();
  }
}
