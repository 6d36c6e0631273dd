import type { Command } from 'commander';
import type { ClockView, MovedClock } from '../core/clock-view.ts';
import { ProgressLine, printJson, say } from './output.ts';
import { type ServerClient, type ServerFlags, withClient } from './server-client.ts';
import { withServerOptions } from './server-options.ts';
import { UsageError } from './usage-error.ts';

interface Flags extends ServerFlags {
  readonly json: boolean;
}

interface MoveFlags extends Flags {
  readonly jump: boolean;
}

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

const JUMP = [
  '--jump',
  'show that time at once, as after an outage: what fell due on the way counts as missed',
] as const;

export function addClockCommands(program: Command): void {
  const clock = program
    .command('clock')
    .description('show the clock that schedules go by; move that of "serve --clock virtual"')
    .helpCommand(false);
  withServerOptions(clock.command('show'))
    .description('show what time it is for the server')
    .addHelpText('after', '\nExample:\n  $ stocktake clock show')
    .action(show);
  withServerOptions(clock.command('advance <duration>'))
    .description('move a virtual clock on, through every due time on the way')
    .option(...JUMP, false)
    .addHelpText(
      'after',
      `
A duration is a whole number of seconds, minutes, hours, days or weeks: 90s, 30m, 36h, 1d, 2w. Each run that falls due on the
way is over when the command is.

Examples:
  $ stocktake clock advance 1d
  $ stocktake clock advance 52w`,
    )
    .action(advance);
  withServerOptions(clock.command('set <time>'))
    .description('move a virtual clock to a time')
    .option(...JUMP, false)
    .addHelpText(
      'after',
      `
The time is in ISO 8601, with a zone. An earlier one than the clock shows needs --jump.

Examples:
  $ stocktake clock set 2027-01-01T00:00:00+08:00
  $ stocktake clock set 2027-01-01T00:00:00Z --jump`,
    )
    .action(set);
}

async function show(flags: Flags): Promise<void> {
  const view = await withClient(flags, (client) => client.sendForAdmin<ClockView>({ path: 'clock' }));
  if (flags.json) printJson(view);
  else if (view.kind === 'system') say(`It is ${view.now}, by the clock of the machine.`);
  else say(`It is ${view.now}, by a virtual clock. Move it with: stocktake clock advance 1d`);
}

async function advance(duration: string, flags: MoveFlags): Promise<void> {
  const ms = durationMs(duration);
  await withClient(flags, async (client) => {
    const { now } = await client.sendForAdmin<ClockView>({ path: 'clock' });
    await move(client, Date.parse(now) + ms, flags);
  });
}

async function set(time: string, flags: MoveFlags): Promise<void> {
  const toMs = Date.parse(time);
  if (!/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/i.test(time) || Number.isNaN(toMs)) {
    throw new UsageError(`The time is "${time}" where one as in 2027-01-01T00:00:00+08:00 is expected.`);
  }
  await withClient(flags, (client) => move(client, toMs, flags));
}

/** A long way takes more than one request: each tells how far the clock got. */
async function move(client: ServerClient, toMs: number, flags: MoveFlags): Promise<void> {
  const to = new Date(Math.min(toMs, MAX_DATE_MS)).toISOString();
  const body = JSON.stringify({ now: to, jump: flags.jump });
  const progress = new ProgressLine({ isJson: flags.json });
  let moved: MovedClock;
  do {
    moved = await client.sendForAdmin<MovedClock>({ method: 'PUT', path: 'clock', body });
    progress.show(`${moved.now}, on the way to ${to}`);
  } while (!moved.isReached);
  progress.end();
  if (flags.json) printJson({ kind: moved.kind, now: moved.now });
  else say(`It is ${moved.now} now.`);
}

/** The last instant that a date can name. */
const MAX_DATE_MS = 8_640_000_000_000_000;

function durationMs(text: string): number {
  const [, count, unit] = /^(\d{1,9})([smhdw])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit ?? ''];
  if (count !== undefined && unitMs !== undefined) return Number(count) * unitMs;
  throw new UsageError(`The duration is "${text}" where one as in 30m, 36h, 1d or 2w is expected.`);
}
