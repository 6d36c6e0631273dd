/**
 * The report's form of a time, `2026-09-30T02-14-09Z`: hyphens in the time of day too, no milliseconds, UTC
 * (inventory sheet, section 4.4). Two objects seldom share a second but often a day, so the last date is remembered.
 */

const DAY_SECONDS = 86_400;
const DATE_LENGTH = '2026-09-30T'.length;
const ZERO = 0x30;
const HYPHEN = 0x2d;
const T = 0x54;
const Z = 0x5a;

const last = { day: Number.NaN, date: new Uint8Array(DATE_LENGTH) };

/** Writes the instant into `out` at `at` and returns where it ends. Years run from 1970 to 9999. */
export function writeTimestamp(out: Uint8Array, at: number, ms: number): number {
  const second = Math.floor(ms / 1000);
  const day = Math.floor(second / DAY_SECONDS);
  if (day !== last.day) remember(day);
  for (let i = 0; i < DATE_LENGTH; i++) out[at + i] = last.date[i] as number;

  const ofDay = second - day * DAY_SECONDS;
  const minute = Math.floor(ofDay / 60);
  const hour = Math.floor(minute / 60);
  let end = writeTwoDigits(out, at + DATE_LENGTH, hour);
  out[end++] = HYPHEN;
  end = writeTwoDigits(out, end, minute - hour * 60);
  out[end++] = HYPHEN;
  end = writeTwoDigits(out, end, ofDay - minute * 60);
  out[end++] = Z;
  return end;
}

function remember(day: number): void {
  const date = new Date(day * DAY_SECONDS * 1000);
  const year = date.getUTCFullYear();
  const century = Math.floor(year / 100);
  let end = writeTwoDigits(last.date, 0, century);
  end = writeTwoDigits(last.date, end, year - century * 100);
  last.date[end++] = HYPHEN;
  end = writeTwoDigits(last.date, end, date.getUTCMonth() + 1);
  last.date[end++] = HYPHEN;
  end = writeTwoDigits(last.date, end, date.getUTCDate());
  last.date[end] = T;
  last.day = day;
}

function writeTwoDigits(out: Uint8Array, at: number, value: number): number {
  const tens = Math.floor(value / 10);
  out[at] = ZERO + tens;
  out[at + 1] = ZERO + (value - tens * 10);
  return at + 2;
}
