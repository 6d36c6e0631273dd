/**
 * Moves a virtual clock. On its way it passes each moment at which something falls due and waits there until that is
 * done, so that a year of schedules goes by in order; a jump shows the new time at once, as after an outage.
 */

import { setImmediate } from 'node:timers/promises';
import type { RunLedger } from './control/run-ledger.ts';
import type { Clock } from './core/clock.ts';
import { type ClockMove, type ClockView, MAX_CLOCK_MS, type MovedClock } from './core/clock-view.ts';
import { DomainError } from './core/errors.ts';
import type { Housekeeper } from './jobs/housekeeper.ts';
import type { RunEvents } from './jobs/run-events.ts';
import type { Scheduler } from './jobs/scheduler.ts';
import type { ServiceClock, VirtualTime } from './service-clock.ts';

/** So long a request may take before it is told how far the clock got. */
const MOVE_MS = 20_000;

export interface ClockMoverOptions {
  readonly time: ServiceClock;
  /** Resolves with true when all that fell due by now is done, or with false when `signal` is aborted before that. */
  readonly settled: (signal: AbortSignal) => Promise<boolean>;
  readonly moveMs?: number;
}

export class ClockMover {
  readonly #options: ClockMoverOptions;
  #isMoving = false;

  constructor(options: ClockMoverOptions) {
    this.#options = options;
  }

  view(): ClockView {
    const { clock, virtual } = this.#options.time;
    return { kind: virtual === undefined ? 'system' : 'virtual', now: iso(clock) };
  }

  /**
   * Throws `ClockNotVirtual` when the time is the machine's, `ClockMoving` while another moves it, and `InvalidArgument`
   * for a time that it can't go to.
   */
  async move({ toMs, isJump }: ClockMove): Promise<MovedClock> {
    const { virtual } = this.#options.time;
    if (virtual === undefined) {
      const text =
        'The clock is that of the machine and can not be moved. For tests, serve a folder of its own with --clock virtual.';
      throw new DomainError('ClockNotVirtual', text);
    }
    assertPossible(virtual.clock, { toMs, isJump });
    if (this.#isMoving) {
      throw new DomainError('ClockMoving', 'The clock is being moved already. Wait until that is answered.');
    }
    this.#isMoving = true;
    try {
      const isReached = await this.#move(virtual, { toMs, isJump });
      return { ...this.view(), isReached };
    } finally {
      this.#isMoving = false;
    }
  }

  /** False when it did not get there in time, or what fell due there is not done yet. */
  async #move({ clock, table }: VirtualTime, { toMs, isJump }: ClockMove): Promise<boolean> {
    const { settled, moveMs = MOVE_MS } = this.#options;
    const signal = AbortSignal.timeout(moveMs);
    // What was begun by the present time ends at it.
    let stopMs = isJump ? toMs : clock.now();
    for (;;) {
      await table.write(stopMs);
      clock.set(stopMs);
      const isSettled = await settled(signal);
      if (stopMs === toMs || !isSettled || signal.aborted) return isSettled && stopMs === toMs;
      // An alarm that is overdue doesn't turn the clock back.
      stopMs = Math.min(Math.max(clock.nextAlarmMs ?? toMs, stopMs), toMs);
    }
  }
}

/** What works on all that falls due. */
export interface DueWork {
  readonly scheduler: Pick<Scheduler, 'poke' | 'idle'>;
  readonly ledger: Pick<RunLedger, 'hasOpen'>;
  readonly events: Pick<RunEvents, 'next'>;
  readonly housekeeper: Pick<Housekeeper, 'settled'>;
}

/** Waits until no run is open and none is due any more, and what those left behind is seen to. */
export function untilSettled({ scheduler, ledger, events, housekeeper }: DueWork): ClockMoverOptions['settled'] {
  const isQuiet = async () => {
    scheduler.poke();
    await scheduler.idle();
    return !(await ledger.hasOpen());
  };
  return async (signal) => {
    for (;;) {
      const event = events.next(signal);
      // Twice: a run that ended between the two questions may have kept its rule from being planned.
      if ((await isQuiet()) && (await isQuiet())) {
        // The end of a run is told in the same turn of the event loop in which it is written.
        await setImmediate();
        await housekeeper.settled();
        return true;
      }
      if (signal.aborted) return false;
      await event;
    }
  };
}

function assertPossible(clock: Clock, { toMs, isJump }: ClockMove): void {
  const wish = new Date(toMs).toISOString();
  if (toMs < 0 || toMs > MAX_CLOCK_MS) {
    const text = `The clock can't be moved to ${wish}: a time from 1970 to ${new Date(MAX_CLOCK_MS).toISOString()} is expected.`;
    throw new DomainError('InvalidArgument', text, { ArgumentName: 'now' });
  }
  if (isJump || toMs >= clock.now()) return;
  const text = `The clock shows ${iso(clock)}, and ${wish} is earlier. To set it back, as may happen to a machine's clock, ask for a jump.`;
  throw new DomainError('InvalidArgument', text, { ArgumentName: 'now' });
}

const iso = (clock: Clock): string => new Date(clock.now()).toISOString();
