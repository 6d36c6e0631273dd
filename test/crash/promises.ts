/**
 * What the server has promised about one thing: an object, the versions of a key, an upload, a rule. A change that was
 * acknowledged is so; one that was sent and got no answer before the kill is in doubt, and may have happened or not, but
 * nothing in between.
 */

/** Undefined is absence. Two states are the same when they are the same JSON. */
export type State<F> = F | undefined;

interface Span<F> {
  readonly state: State<F>;
  readonly fromMs: number;
  /** When the next change was sent. */
  untilMs: number;
}

export class Promised<F> {
  /** A change is under way: one at a time for each thing, so that what was promised is plain. */
  isBusy = false;
  #possible: readonly State<F>[] = [undefined];
  /** When it was in which state for certain. */
  readonly #history: Span<F>[] = [];

  get isInDoubt(): boolean {
    return this.#possible.length > 1;
  }

  /** The state it is in for certain, and undefined when it is in doubt, too. */
  get state(): State<F> {
    return this.isInDoubt ? undefined : this.#possible[0];
  }

  /** Before a change is sent. */
  sent(state: State<F>): void {
    this.isBusy = true;
    this.#possible = [...this.#possible, state];
    this.#endSpan();
  }

  acknowledged(state: State<F>): void {
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
  found(state: State<F>): string | undefined {
    const possible = this.#possible.map(show);
    this.acknowledged(state);
    if (possible.includes(show(state))) return undefined;
    return `is ${show(state)} where ${possible.join(' or ')} was promised`;
  }

  /** The one state it was in at an instant; undefined when it was changing then, or before anything was known. */
  at(ms: number): { readonly state: State<F> } | undefined {
    // Both clocks are this machine's, but a millisecond has many instants.
    return this.#history.find(({ fromMs, untilMs }) => fromMs < ms - 1 && ms + 1 < untilMs);
  }

  #endSpan(): void {
    const last = this.#history.at(-1);
    if (last !== undefined) last.untilMs = Math.min(last.untilMs, Date.now());
  }
}

export function isSame<F>(one: State<F>, other: State<F>): boolean {
  return show(one) === show(other);
}

function show(state: unknown): string {
  return state === undefined ? 'absent' : JSON.stringify(state);
}
