/**
 * What the server has promised about one thing: an object, or a rule. A change that was acknowledged is so; one that
 * was sent and got no answer before the kill is in doubt, and may have happened or not, but nothing in between.
 */

/** A state as text that two equal states share; undefined is absence. */
export type State = string | undefined;

interface Span {
  readonly state: State;
  readonly fromMs: number;
  /** When the next change was sent. */
  untilMs: number;
}

export class Promised {
  /** A change is under way: one at a time for each thing, so that what was promised is plain. */
  isBusy = false;
  #possible: readonly State[] = [undefined];
  /** When it was in which state for certain. */
  readonly #history: Span[] = [];

  get isInDoubt(): boolean {
    return this.#possible.length > 1;
  }

  /** Before a change is sent. */
  sent(state: State): void {
    this.isBusy = true;
    this.#possible = [...this.#possible, state];
    this.#endSpan();
  }

  acknowledged(state: State): void {
    this.#possible = [state];
    this.#endSpan();
    this.#history.push({ state, fromMs: Date.now(), untilMs: Number.POSITIVE_INFINITY });
    this.isBusy = false;
  }

  /** No answer came. */
  left(): void {
    this.isBusy = false;
  }

  /** What was found is all there is from now on; returns what is wrong with it, if anything. */
  found(state: State): string | undefined {
    const possible = this.#possible;
    this.acknowledged(state);
    if (possible.includes(state)) return undefined;
    return `is ${show(state)} where ${possible.map(show).join(' or ')} was promised`;
  }

  /** The one state it was in at an instant; undefined when it was changing then, or before anything was known. */
  at(ms: number): { readonly state: State } | undefined {
    // Both clocks are this machine's, but a millisecond has many instants.
    return this.#history.find(({ fromMs, untilMs }) => fromMs < ms - 1 && ms + 1 < untilMs);
  }

  #endSpan(): void {
    const last = this.#history.at(-1);
    if (last !== undefined) last.untilMs = Math.min(last.untilMs, Date.now());
  }
}

function show(state: State): string {
  return state === undefined ? 'absent' : `"${state}"`;
}
