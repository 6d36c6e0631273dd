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
  return withClient(flags, (client) => work(new AccessClient(client, flags.account)));
}

/** A path's parts, each one name, as in `['users', 'anna']`. */
type Path = readonly string[];

export class AccessClient {
  readonly #client: ServerClient;
  readonly #query: Readonly<Record<string, string>>;

  constructor(client: ServerClient, account: string | undefined) {
    this.#client = client;
    this.#query = account === undefined ? {} : { account };
  }

  async get<T>(...path: Path): Promise<T> {
    return await this.#client.sendForAdmin<T>({ path: pathOf(path), query: this.#query });
  }

  async post<T>(path: Path, body: object = {}): Promise<T> {
    return await this.#send('POST', path, body);
  }

  async put<T>(path: Path, body: object = {}): Promise<T> {
    return await this.#send('PUT', path, body);
  }

  async delete(path: Path, query: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#client.sendForAdmin({ method: 'DELETE', path: pathOf(path), query: { ...this.#query, ...query } });
  }

  /** All things below a path, page by page. */
  async list<T>(...path: Path): Promise<T[]> {
    const items: T[] = [];
    let after: string | null = '';
    while (after !== null) {
      const query = { ...this.#query, after, limit: String(MAX_ENTITIES_PAGE) };
      const page: EntityPage<T> = await this.#client.sendForAdmin<EntityPage<T>>({ path: pathOf(path), query });
      items.push(...page.items);
      after = page.nextAfter;
    }
    return items;
  }

  async #send<T>(method: 'POST' | 'PUT', path: Path, body: object): Promise<T> {
    const request = { method, path: pathOf(path), query: this.#query, body: JSON.stringify(body) };
    return await this.#client.sendForAdmin<T>(request);
  }
}

/** A slash in a name would make the request about something else: `delete anna/keys/K` would delete a key. */
function pathOf(path: Path): string {
  const wrong = path.find((name) => !/^[^/]+$/.test(name));
  if (wrong !== undefined) throw new UsageError(`"${wrong}" is no name: a name has a character or more, and no slash.`);
  return ['access', ...path].join('/');
}
