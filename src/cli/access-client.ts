/** Asks the admin API about one account: the one that `--account` names, else that of the key. */

import type { Command } from 'commander';
import { type EntityPage, MAX_ENTITIES_PAGE } from '../core/access-entities.ts';
import { type ServerClient, type ServerFlags, withClient } from './server-client.ts';
import { withServerOptions } from './server-options.ts';
import { UsageError } from './usage-error.ts';

export interface AccessFlags extends ServerFlags {
  readonly json: boolean;
  readonly account?: string;
}

/** Options of every command about an account. */
export function withAccountOptions(command: Command): Command {
  return withServerOptions(command).option('--account <id>', 'another account than that of the key');
}

/** Lends `work` a client for the account that the flags name. */
export function withAccess<T>(flags: AccessFlags, work: (access: AccessClient) => Promise<T>): Promise<T> {
  return withClient(flags, (client) => work(new AccessClient(client, 'access', flags.account)));
}

/** The same for the webhooks of the account. */
export function withWebhooks<T>(flags: AccessFlags, work: (webhooks: AccessClient) => Promise<T>): Promise<T> {
  return withClient(flags, (client) => work(new AccessClient(client, 'webhooks', flags.account)));
}

/** A path's parts, each one name, as in `['users', 'anna']`. */
type Path = readonly string[];

export class AccessClient {
  readonly #client: ServerClient;
  readonly #root: string;
  readonly #query: Readonly<Record<string, string>>;

  constructor(client: ServerClient, root: string, account: string | undefined) {
    this.#client = client;
    this.#root = root;
    this.#query = account === undefined ? {} : { account };
  }

  async get<T>(...path: Path): Promise<T> {
    return await this.#client.sendForAdmin<T>({ path: this.#pathOf(path), query: this.#query });
  }

  async post<T>(path: Path, body: object = {}): Promise<T> {
    return await this.#send('POST', path, body);
  }

  async put<T>(path: Path, body: object = {}): Promise<T> {
    return await this.#send('PUT', path, body);
  }

  async delete(path: Path, query: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#client.sendForAdmin({
      method: 'DELETE',
      path: this.#pathOf(path),
      query: { ...this.#query, ...query },
    });
  }

  /** The things below a path behind `after`, at most so many. */
  async page<T>(path: Path, limit: number, after = ''): Promise<EntityPage<T>> {
    const query = { ...this.#query, ...(after !== '' && { after }), limit: String(limit) };
    return await this.#client.sendForAdmin<EntityPage<T>>({ path: this.#pathOf(path), query });
  }

  /** All things below a path, page by page. */
  async list<T>(...path: Path): Promise<T[]> {
    const items: T[] = [];
    let after: string | null = '';
    while (after !== null) {
      const page: EntityPage<T> = await this.page<T>(path, MAX_ENTITIES_PAGE, after);
      items.push(...page.items);
      after = page.nextAfter;
    }
    return items;
  }

  async #send<T>(method: 'POST' | 'PUT', path: Path, body: object): Promise<T> {
    const request = { method, path: this.#pathOf(path), query: this.#query, body: JSON.stringify(body) };
    return await this.#client.sendForAdmin<T>(request);
  }

  /** A slash in a name would make the request about something else: `delete anna/keys/K` would delete a key. */
  #pathOf(path: Path): string {
    const wrong = path.find((name) => !/^[^/]+$/.test(name));
    if (wrong === undefined) return [this.#root, ...path].join('/');
    throw new UsageError(`"${wrong}" is no name: a name has a character or more, and no slash.`);
  }
}
