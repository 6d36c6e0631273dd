/**
 * Faults that may pass by themselves, so that the work may be tried again. What a person has to mend first is a
 * `DomainError` and is not tried again; a broken promise of ours would only be broken again; an abort is neither.
 */

import { AssertionError } from 'node:assert/strict';
import { DomainError } from './errors.ts';
import { isRunReasonCode, type RunReasonCode } from './run-reasons.ts';
import { storageFull } from './storage-full.ts';

export class TransientError extends Error {
  /** What the run says of it while it waits, and if it fails of it in the end. */
  readonly code: RunReasonCode;

  constructor(code: RunReasonCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TransientError';
    this.code = code;
  }
}

/** The passing fault that `error` is or comes of; undefined when trying again can't help. */
export function transientOf(error: unknown): TransientError | undefined {
  if (error instanceof TransientError) return error;
  if (error instanceof AssertionError || (error instanceof Error && error.name === 'AbortError')) return undefined;
  const full = error instanceof DomainError && error.code === 'StorageFull' ? error : storageFull(error);
  if (full !== undefined) {
    return new TransientError('StorageFull', 'The server has no room left on its disk.', { cause: error });
  }
  // One that says nothing about runs was not expected here: the store that has to be opened again, a damaged spool.
  if (error instanceof DomainError && isRunReasonCode(error.code)) return undefined;
  return new TransientError('InternalError', unexpectedText(error), { cause: error });
}

/** In words for whoever sees the run, who is not told where the server keeps its files. */
export function unexpectedText(error: unknown): string {
  return `Something unexpected went wrong: ${whatWentWrong(error)}. The server's log has more.`;
}

function whatWentWrong(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // As Node tells of the operating system: the message names the file.
  if ('syscall' in error && 'code' in error) return `${String(error.code)} at ${String(error.syscall)}`;
  return error.message;
}
