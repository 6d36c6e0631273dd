/** How commands speak: JSON or tables on stdout, everything else on stderr. */

import { formatJson, safeText } from './terminal-text.ts';

export interface Output {
  /** For scripts: JSON on stdout, no progress. */
  readonly isJson: boolean;
}

export function printJson(value: unknown): void {
  process.stdout.write(`${formatJson(value, 2)}\n`);
}

/** One of several that follow each other, a line each. */
export function printJsonLine(value: unknown): void {
  process.stdout.write(`${formatJson(value)}\n`);
}

export function say(text: string): void {
  process.stdout.write(`${safeText(text)}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${safeText(text)}\n`);
}

/** Rows under a head, in columns as wide as they need. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => widthOf(row[column] ?? ''))));
  for (const row of [head, ...rows]) {
    const cells = row.map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))));
    say(cells.join('  ').trimEnd());
  }
}

/** Those of East Asia, and pictures; roughly the class W of Unicode's annex 11. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** How many columns of a terminal a text takes: prefixes may well be Chinese. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (WIDE.test(character)) width += 2;
    else if (!/\p{Mn}/u.test(character)) width += 1;
  }
  return width;
}

/** Facts about one thing, a line each; those that are null are left out. */
export function printFacts(facts: readonly (readonly [name: string, value: string | null])[]): void {
  for (const [name, value] of facts) if (value !== null) say(`  ${name.padEnd(14)} ${value}`);
}

/** As in `2026-10-04 16:00 UTC`, of a time in ISO 8601. */
export function formatMinute(time: string): string {
  return `${time.slice(0, 16).replace('T', ' ')} UTC`;
}

/** As in `1.2 MB`; powers of 1,000. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? String(bytes) : value.toFixed(1)} ${units[power]}`;
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** As in `1 fault` and `2,000 faults`. */
export function formatCounted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** One line that is written over as work goes on; silent unless a person watches. */
export class ProgressLine {
  readonly #isShown: boolean;
  #shownAt = 0;

  constructor(output: Output) {
    this.#isShown = !output.isJson && process.stderr.isTTY === true;
  }

  show(text: string): void {
    const now = Date.now();
    if (!this.#isShown || now - this.#shownAt < 100) return;
    this.#shownAt = now;
    // A longer one would go over into the next line, which nothing clears. A terminal that does not know its width says 0.
    const width = (process.stderr.columns || 80) - 1;
    process.stderr.write(`\r\u001b[2K${safeText(text).slice(0, width)}`);
  }

  /** Clears the line, so that what follows starts on a fresh one. */
  end(): void {
    if (this.#isShown) process.stderr.write('\r\u001b[2K');
  }
}
