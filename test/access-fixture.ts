/** An access book whose records are in memory, with a clock that a test sets, and changes to make in it. */

import { AccessBook, type AccessBookOptions } from '../src/access/access-book.ts';
import type { AccessChange } from '../src/core/access-change.ts';
import type { NewAccessKeyView } from '../src/core/access-entities.ts';
import { serviceTrust } from '../src/core/service-trust.ts';
import { MemoryAccessRecords } from './contract/memory-access-records.ts';
import { anySealer } from './session-fixture.ts';
import { NOW_MS } from './store-fixture.ts';

export const SERVER_ACCOUNT = '1000000000000000';
export const OTHER_ACCOUNT = '2000000000000000';
export const ROOT_KEY = { accessKeyId: 'root-key', accessKeySecret: 'root-secret' };

/** A change as it is made most often: of the server's account unless it says otherwise. */
type AnyChange = AccessChange extends infer Change ? (Change extends AccessChange ? Partial<Change> : never) : never;
export type ShortChange = AnyChange & Pick<AccessChange, 'kind'>;

export async function openBook(change: Partial<AccessBookOptions> = {}) {
  const clock = { nowMs: NOW_MS, now: () => clock.nowMs };
  /** Accounts that own buckets. */
  const owners = new Set<string>();
  const options: AccessBookOptions = {
    records: new MemoryAccessRecords(),
    sealer: anySealer(),
    clock,
    serverAccount: { id: SERVER_ACCOUNT, rootKey: ROOT_KEY },
    ownsBuckets: (account) => owners.has(account),
    ...change,
  };
  return {
    ...(await bookOf(options)),
    clock,
    owners,
    options,
    /** What another start on the same records finds. */
    reopen: (other: Partial<AccessBookOptions> = {}) => bookOf({ ...options, ...other }),
  };
}

async function bookOf(options: AccessBookOptions) {
  const book = await AccessBook.open(options);
  const make = async (...changes: readonly ShortChange[]) => {
    return await book.execute(changes.map((change) => ({ account: SERVER_ACCOUNT, ...change }) as AccessChange));
  };
  return {
    book,
    make,
    /** Makes an access key of a user, or of the account itself. */
    async makeKey(holder: { readonly account?: string; readonly user?: string } = {}): Promise<NewAccessKeyView> {
      const [key] = await make({ ...holder, kind: 'createAccessKey' });
      if (key === undefined) throw new Error('no access key was made');
      return key;
    },
  };
}

export const createUser = (name: string, account = SERVER_ACCOUNT): ShortChange => {
  return { kind: 'createUser', account, name, description: '' };
};

export const putPolicy = (name: string, document: unknown = allowing('oss:GetObject')): ShortChange => {
  return { kind: 'putPolicy', name, description: '', document };
};

export const putRole = (name: string, change: object = {}): ShortChange => {
  const trust = serviceTrust('oss.aliyuncs.com');
  return { kind: 'putRole', name, description: '', trust, maxSessionSeconds: 3600, ...change };
};

/** A policy that allows an action on everything. */
export function allowing(action: string): object {
  return { Version: '1', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] };
}
