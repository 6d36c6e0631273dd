/** What a server has opened, to be closed in the reverse order. */

type Step = () => unknown;

export class Closers {
  readonly #steps: Step[] = [];

  add(step: Step): void {
    this.#steps.push(step);
  }

  /** Takes every step, whatever becomes of those before it: the lock, which is last, must not outlive a fault. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1)
      throw new AggregateError(failures, `${failures.length} steps of closing the server failed.`);
  }
}
