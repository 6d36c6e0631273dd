/**
 * The audit log: a line of JSON for each management action and each refusal. An action is on disk before its answer goes
 * out; that costs one more sync beside the one of the change itself. A refusal changed nothing and outlives the process,
 * not a power loss. What can't be written is counted and told when it can again; it never fails a request.
 */

import type { AuditEntry, AuditTrail } from '../core/audit.ts';
import type { Clock } from '../core/clock.ts';
import { AuditFile, type AuditFileOptions } from './audit-file.ts';
import { auditLine, lostLine, suppressedLine } from './audit-line.ts';
import { RefusalBudget } from './refusal-budget.ts';

export interface AuditLogOptions extends AuditFileOptions {
  /** Of each identity, and of all others together, what goes wrong is written so many times a minute. */
  readonly refusalsPerMinute: number;
  readonly clock: Clock;
  readonly onEvent: (event: AuditLogEvent) => void;
}

/** Told once each: the file can't be written, and it can again, with so many entries missing. */
export type AuditLogEvent =
  | { readonly kind: 'failing'; readonly cause: unknown }
  | { readonly kind: 'mended'; readonly lost: number };

export class AuditLog implements AuditTrail {
  readonly #file: AuditFile;
  readonly #budget: RefusalBudget;
  readonly #options: AuditLogOptions;
  #timer: NodeJS.Timeout | undefined;
  #lost = 0;

  private constructor(file: AuditFile, options: AuditLogOptions) {
    this.#file = file;
    this.#options = options;
    this.#budget = new RefusalBudget(options.refusalsPerMinute);
  }

  /** Throws, in words, when there can't be such a file. */
  static open(options: AuditLogOptions): AuditLog {
    try {
      return new AuditLog(new AuditFile(options), options);
    } catch (cause) {
      const why = (cause as Error).message;
      const text = `The audit log "${options.file}" can't be written: ${why}. Name another with --audit-log, or set "auditLog: false" in the configuration file.`;
      throw new Error(text, { cause });
    }
  }

  record(entry: AuditEntry): void {
    const nowMs = this.#options.clock.now();
    this.#tell(this.#budget.advance(nowMs), nowMs);
    const isDone = entry.outcome === 'done';
    if (isDone || this.#budget.admits(entry.identity)) this.#write(auditLine(entry, nowMs), nowMs, isDone);
    else this.#timer ??= setTimeout(() => this.#settle(), this.#budget.endsMs - nowMs).unref();
  }

  close(): void {
    this.#settle();
    this.#file.close();
  }

  #settle(): void {
    const nowMs = this.#options.clock.now();
    this.#tell(this.#budget.restart(nowMs), nowMs);
  }

  #tell(suppressed: ReturnType<RefusalBudget['restart']>, nowMs: number): void {
    if (suppressed.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const one of suppressed) this.#write(suppressedLine(one, nowMs), nowMs, false);
  }

  #write(line: string, nowMs: number, isSynced: boolean): void {
    try {
      if (this.#lost > 0) this.#tellLost(nowMs);
      this.#file.append(line, { isSynced });
    } catch (cause) {
      if (this.#lost === 0) this.#options.onEvent({ kind: 'failing', cause });
      this.#lost++;
    }
  }

  #tellLost(nowMs: number): void {
    const lost = this.#lost;
    this.#file.append(lostLine(lost, nowMs), { isSynced: false });
    this.#lost = 0;
    this.#options.onEvent({ kind: 'mended', lost });
  }
}
