/**
 * Runs as they go, for those who watch them. A run that somebody follows is read once per change, however many follow
 * it, and no more often than they are shown it. Nothing queues: who is slow gets the newest view when they ask again.
 */

import { DomainError } from '../core/errors.ts';
import type { RunView } from '../core/run.ts';
import { FollowedRun, type FollowingOptions, type RunAddress, type RunFollower } from './followed-run.ts';

/** All together, of one account and of one identity: nobody keeps the others from watching. */
export const MAX_FOLLOWERS = 256;
export const MAX_FOLLOWERS_OF_ACCOUNT = 128;
export const MAX_FOLLOWERS_OF_ONE = 64;

/** Who takes a place among those that follow. */
export interface FollowerName {
  readonly identity: string;
  readonly account: string;
}

export class RunFeed {
  readonly #options: FollowingOptions;
  /** By the run's id. */
  readonly #followed = new Map<string, FollowedRun>();
  /** One for each place that is taken. */
  readonly #places = new Set<FollowerName>();
  #isClosed = false;

  constructor(options: FollowingOptions) {
    this.#options = options;
  }

  /** Something about the run is another than it was. */
  changed(runId: string): void {
    this.#followed.get(runId)?.changed();
  }

  /** Something was done to a rule that may have ended its run. */
  ruleChanged(bucketId: string, ruleId: string): void {
    for (const followed of this.#followed.values()) {
      const { address } = followed;
      if (address.bucketId === bucketId && address.ruleId === ruleId) followed.changed();
    }
  }

  /** Follows a run for `who`. Throws `NoSuchRun`, and `WatchUnavailable` when there is no place left. */
  async follow(address: RunAddress, who: FollowerName): Promise<RunFollower> {
    const giveBack = this.#takePlace(who);
    try {
      const view = await this.#options.view(address);
      this.#assertOpen();
      return this.#followedRun(address, view).join(giveBack);
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  /** Ends all that follow, and lets nobody begin to. */
  close(): void {
    this.#isClosed = true;
    for (const followed of this.#followed.values()) followed.close();
  }

  #followedRun(address: RunAddress, view: RunView): FollowedRun {
    const existing = this.#followed.get(address.runId);
    if (existing !== undefined) return existing;
    const onLeft = () => this.#followed.delete(address.runId);
    const made = new FollowedRun(address, view, { ...this.#options, onLeft });
    this.#followed.set(address.runId, made);
    return made;
  }

  /** Returns what gives the place back. */
  #takePlace({ identity, account }: FollowerName): () => void {
    this.#assertOpen();
    const ofAccount = [...this.#places].filter((place) => place.account === account);
    const own = ofAccount.filter((place) => place.identity === identity);
    if (own.length >= MAX_FOLLOWERS_OF_ONE) throw tooMany(own.length, 'by you');
    if (ofAccount.length >= MAX_FOLLOWERS_OF_ACCOUNT) throw tooMany(ofAccount.length, 'by your account');
    if (this.#places.size >= MAX_FOLLOWERS) throw tooMany(this.#places.size, 'by all together');
    const place = { identity, account };
    this.#places.add(place);
    return () => void this.#places.delete(place);
  }

  #assertOpen(): void {
    if (!this.#isClosed) return;
    throw new DomainError(
      'WatchUnavailable',
      'The server is stopping, and shows no run any more. The run goes on when it is started again.',
    );
  }
}

function tooMany(count: number, by: string): DomainError {
  const text = `${count} runs are watched ${by} already, which are the most at once. Ask for the run without "watch", or try again later.`;
  return new DomainError('WatchUnavailable', text);
}
