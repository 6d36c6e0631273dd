/** How commands speak: JSON or tables on stdout, everything else on stderr. */

import { formatJson, safeText } from './terminal-text.ts';

export interface Output {
  /** For scripts: JSON on stdout, no progress. */
  readonly isJson: boolean;
}

export function printJson(value: unknown): void {
  process.stdout.write(`${formatJson(value, 2)}\n`);
}

export function say(text: string): void {
  process.stdout.write(`${safeText(text)}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${safeText(text)}\n`);
}

/** Rows under a head, in columns as wide as they need. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of [head, ...rows]) {
    say(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
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
    process.stderr.write(`\r\u001b[2K${safeText(text)}`);
  }

  /** Clears the line, so that what follows starts on a fresh one. */
  end(): void {
    if (this.#isShown) process.stderr.write('\r\u001b[2K');
  }
}
