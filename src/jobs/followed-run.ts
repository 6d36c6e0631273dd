/** One run that somebody follows: its newest view, and who waits for a newer one. */

import { isDeepStrictEqual } from 'node:util';
import { hasCode } from '../core/errors.ts';
import { isOpen, type RunView } from '../core/run.ts';

/** At most four views a second. */
const PACE_MS = 250;
/** So late is seen what nobody told of. */
const LOOK_MS = 5_000;

/** A run, as one follows it by its rule. */
export interface RunAddress {
  readonly bucketId: string;
  readonly ruleId: string;
  readonly runId: string;
}

export interface FollowingOptions {
  /** Reads a run; throws `NoSuchRun`. */
  readonly view: (run: RunAddress) => Promise<RunView>;
  /** Told when a run that is followed could not be read; it is tried again. */
  readonly onFault: (error: unknown, run: RunAddress) => void;
  /** Between two looks at a run: when it changed, and when nobody said that it did. */
  readonly paceMs?: number;
  readonly lookMs?: number;
}

/** What is new of one run, to whom asks. */
export interface RunFollower {
  /**
   * The newest view, as soon as there is one that was not given yet; `quiet` when there is none for so long; undefined
   * when the run is over and its end was given, or nothing is followed any more.
   */
  next(quietMs: number): Promise<RunView | 'quiet' | undefined>;
  /** Ends it, and a `next` that is under way. */
  leave(): void;
}

interface FollowedRunOptions extends FollowingOptions {
  /** Nobody follows it any more. */
  readonly onLeft: () => void;
}

export class FollowedRun {
  readonly address: RunAddress;
  readonly #options: FollowedRunOptions;
  readonly #followers = new Set<Follower>();
  #newest: RunView;
  #lookedAtMs = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  /** It changed again while it was looked at. */
  #isStale = false;

  constructor(address: RunAddress, view: RunView, options: FollowedRunOptions) {
    this.address = address;
    this.#options = options;
    this.#newest = view;
    // It may have changed between the reading and now.
    this.changed();
  }

  /** `onLeave` is called once, when the follower has left or the run is over. */
  join(onLeave: () => void): RunFollower {
    const follower = new Follower(() => {
      onLeave();
      this.#followers.delete(follower);
      if (this.#followers.size > 0) return;
      clearTimeout(this.#timer);
      this.#options.onLeft();
    });
    this.#followers.add(follower);
    follower.show(this.#newest);
    return follower;
  }

  /** Looks again, as soon as the pace allows. */
  changed(): void {
    this.#isStale = true;
    const { paceMs = PACE_MS } = this.#options;
    this.#lookIn(this.#lookedAtMs + paceMs - performance.now());
  }

  close(): void {
    for (const follower of this.#followers) follower.leave();
  }

  #lookIn(ms: number): void {
    if (this.#isLooking) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), Math.max(0, ms)).unref();
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    this.#isStale = false;
    this.#lookedAtMs = performance.now();
    try {
      this.#show(await this.#options.view(this.address));
    } catch (error) {
      // Nothing more will be heard of a run that the history has let go.
      if (hasCode(error, 'NoSuchRun')) this.close();
      else this.#options.onFault(error, this.address);
    }
    this.#isLooking = false;
    if (this.#followers.size === 0 || !isOpen(this.#newest.state)) return;
    if (this.#isStale) this.changed();
    else this.#lookIn(this.#options.lookMs ?? LOOK_MS);
  }

  #show(view: RunView): void {
    if (isDeepStrictEqual(view, this.#newest)) return;
    this.#newest = view;
    for (const follower of this.#followers) follower.show(view);
  }
}

class Follower implements RunFollower {
  readonly #onLeave: () => void;
  /** The newest that was not given yet. */
  #unseen: RunView | undefined;
  #isOver = false;
  /** Wakes the `next` that is under way. */
  #wake: (() => void) | undefined;

  constructor(onLeave: () => void) {
    this.#onLeave = onLeave;
  }

  show(view: RunView): void {
    this.#unseen = view;
    this.#wake?.();
  }

  async next(quietMs: number): Promise<RunView | 'quiet' | undefined> {
    if (this.#unseen === undefined && !this.#isOver) await this.#somethingNew(quietMs);
    const view = this.#unseen;
    this.#unseen = undefined;
    // Whoever is told of the end holds no place any longer.
    if (view !== undefined && !isOpen(view.state)) this.leave();
    return view ?? (this.#isOver ? undefined : 'quiet');
  }

  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wake?.();
    this.#onLeave();
  }

  async #somethingNew(quietMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, quietMs).unref();
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }
}
