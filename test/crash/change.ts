/** One client of the load: picks what nobody else changes, sends a change, and notes what the answer promises. */

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerClient, ServerError } from '../../src/cli/server-client.ts';
import { TEST_KEY } from '../server-process.ts';
import type { Promised, State } from './promises.ts';
import type { World } from './world.ts';

export function connect(endpoint: string): ServerClient {
  const settings = { region: 'cn-hangzhou', accountId: '1000000000000000', data: '', ...TEST_KEY };
  return new ServerClient({ endpoint, ...settings });
}

export interface LoadCounts {
  acknowledged: number;
  inDoubt: number;
}

export interface ChangeParts {
  readonly world: World;
  readonly client: ServerClient;
  /** Aborted when the server is about to be killed, or is gone: then connections break rightly. */
  readonly signal: AbortSignal;
  readonly counts: LoadCounts;
}

/** One thing that changes, and what it is to become. */
export interface Step<F> {
  readonly promised: Promised<F>;
  readonly to: State<F>;
}

export function step<F>(promised: Promised<F>, to: State<F>): Step<unknown> {
  return { promised: promised as Promised<unknown>, to };
}

/** So long after its connections broke a process that was killed is seen to be gone. */
const MAX_END_MS = 5_000;

let generations = 0;

/** Tells one change from all others. */
export function newGeneration(): string {
  return String(++generations);
}

export class Change {
  readonly world: World;
  readonly client: ServerClient;
  readonly #signal: AbortSignal;
  readonly #counts: LoadCounts;

  constructor({ world, client, signal, counts }: ChangeParts) {
    this.world = world;
    this.client = client;
    this.#signal = signal;
    this.#counts = counts;
  }

  /** One of the things that nobody changes at the moment and that `suits`. */
  pick<T extends { readonly promised: Promised<never> | Promised<unknown> }>(
    things: Iterable<T>,
    suits: (thing: T) => boolean = () => true,
  ): T | undefined {
    const idle = [...things].filter((thing) => !thing.promised.isBusy && suits(thing));
    return idle.length === 0 ? undefined : this.world.random.pick(idle);
  }

  /** Sends what makes all the steps at once; gives the answer, or undefined when none came. */
  async send<T>(steps: readonly Step<unknown>[], work: () => Promise<T>): Promise<T | undefined> {
    for (const { promised, to } of steps) promised.sent(to);
    try {
      const answer = await work();
      for (const { promised, to } of steps) promised.acknowledged(to);
      this.#counts.acknowledged++;
      return answer;
    } catch (error) {
      for (const { promised } of steps) promised.left();
      this.#counts.inDoubt++;
      // A server that is killed answers nothing; one that answers has no reason to refuse.
      if (error instanceof ServerError) this.world.problems.push(`a request was refused: ${error.message}`);
      else if (!(await this.#isKilled())) this.world.problems.push(`a connection broke without a kill: ${error}`);
      return undefined;
    }
  }

  /** A connection may break before it is known that the process has ended. */
  async #isKilled(): Promise<boolean> {
    if (!this.#signal.aborted) {
      await Promise.race([once(this.#signal, 'abort'), delay(MAX_END_MS, undefined, { ref: false })]);
    }
    return this.#signal.aborted;
  }
}
