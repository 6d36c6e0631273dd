/** Whoever wants to hear of what runs do: the log, those who watch, the metrics, the scheduler. */

import type { RunEvent } from './run-event.ts';

export type RunListener = (event: RunEvent) => void;

export class RunEvents {
  readonly #listeners = new Set<RunListener>();

  /** Returns what ends the listening. Listeners are called in turn, and do not throw. */
  listen(listener: RunListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: RunEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Resolves at the next event, or when `signal` is aborted. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        stop();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const stop = this.listen(done);
      if (signal.aborted) done();
      else signal.addEventListener('abort', done);
    });
  }
}
