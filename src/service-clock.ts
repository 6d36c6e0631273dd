/**
 * The time of what a server keeps: objects, rules, runs and their schedules. It is the machine's, or in test mode one that
 * is moved by hand. A data folder belongs to one of the two for good: what was made at a virtual time lies in the future
 * or the past of the real one, and the other way round. Signatures, sessions and certificates always go by the machine's.
 */

import type { ClockKind } from './config.ts';
import type { ControlDatabase } from './control/control-database.ts';
import { VirtualClockTable } from './control/virtual-clock-table.ts';
import { type AlarmClock, systemClock } from './core/clock.ts';
import { VirtualClock } from './core/virtual-clock.ts';

/** A clock that is moved by hand, and where it is kept. */
export interface VirtualTime {
  readonly clock: VirtualClock;
  readonly table: VirtualClockTable;
}

export interface ServiceClock {
  readonly clock: AlarmClock;
  /** Absent while the time is the machine's. */
  readonly virtual?: VirtualTime;
}

/** Throws, in words, when the folder keeps time in another way than the settings say. */
export async function openServiceClock(
  control: ControlDatabase,
  { kind, data }: { readonly kind: ClockKind; readonly data: string },
): Promise<ServiceClock> {
  const table = new VirtualClockTable(control);
  const kept = await table.read();
  if (kind === 'system') {
    if (kept === undefined) return { clock: systemClock };
    throw new Error(
      `The data folder "${data}" keeps virtual time, of ${new Date(kept).toISOString()}: it was made for tests. Serve it with --clock virtual, or name another with --data.`,
    );
  }
  if (kept === undefined && !(await table.isNew())) {
    throw new Error(
      `The data folder "${data}" keeps real time, and would be spoilt by a virtual one. Name a folder of its own with --data.`,
    );
  }
  const nowMs = kept ?? Math.floor(systemClock.now() / 1000) * 1000;
  if (kept === undefined) await table.write(nowMs);
  const clock = new VirtualClock(nowMs);
  return { clock, virtual: { clock, table } };
}
