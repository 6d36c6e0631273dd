/** The master keys of the account: made, listed, disabled and enabled, deleted after a time to think about it. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import {
  assertLegalDeletionDays,
  assertLegalKeyDescription,
  assertLegalKeyId,
  DELETION_DAYS,
  type KeyPage,
  type KeyState,
  type KeyView,
  type NewKey,
} from '../core/encryption-key.ts';
import type { KeyChange, KeyRecord, KeyRecords } from './key-records.ts';
import { keyExists, keyNotFound, keyPendingDeletion, keyServiceOff } from './key-refusals.ts';
import { keyView } from './key-view.ts';
import type { MasterKeys } from './master-keys.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export interface AccountKeysParts {
  readonly records: KeyRecords;
  readonly masters: MasterKeys;
  readonly clock: Clock;
  /** Off, every method throws `KeyServiceOff`. */
  readonly isOn: boolean;
}

export class AccountKeys {
  readonly #records: KeyRecords;
  readonly #masters: MasterKeys;
  readonly #clock: Clock;
  readonly #isOn: boolean;

  constructor({ records, masters, clock, isOn }: AccountKeysParts) {
    this.#records = records;
    this.#masters = masters;
    this.#clock = clock;
    this.#isOn = isOn;
  }

  async create({ id = newId(), description = '', spec = 'SYMMETRIC' }: NewKey): Promise<KeyView> {
    this.#assertOn();
    assertLegalKeyId(id);
    assertLegalKeyDescription(description);
    const record = this.#newRecord(id, { description, spec });
    if (!(await this.#records.insert(record))) throw keyExists(id, await this.#records.find(id));
    return keyView(record);
  }

  /** A page of the keys, in the order of their ids, from behind the id `after`. */
  async list(after: string, limit: number): Promise<KeyPage> {
    this.#assertOn();
    await this.destroyDue();
    const records = await this.#records.list(after, limit + 1);
    const keys = records.slice(0, limit).map(keyView);
    return { keys, nextAfter: records.length > limit ? (keys.at(-1)?.id ?? null) : null };
  }

  async get(id: string): Promise<KeyView> {
    return keyView(await this.find(id));
  }

  async disable(id: string): Promise<KeyView> {
    return await this.#change(id, { state: 'disabled' });
  }

  async enable(id: string): Promise<KeyView> {
    return await this.#change(id, { state: 'enabled' });
  }

  /** After so many days the key is destroyed, and what was encrypted under it is lost. Until then it can't be used. */
  async scheduleDeletion(id: string, days: number = DELETION_DAYS.default): Promise<KeyView> {
    assertLegalDeletionDays(days);
    return await this.#change(id, { state: 'pendingDeletion', deletionAtMs: this.#clock.now() + days * DAY_MS });
  }

  /** The key is enabled again, as in the original; one that is not to be deleted stays as it is. */
  async cancelDeletion(id: string): Promise<KeyView> {
    this.#assertOn();
    await this.destroyDue();
    await this.#records.change(id, ['pendingDeletion'], { state: 'enabled' });
    return await this.get(id);
  }

  /** The record of a key, whatever its state; throws `EncryptionKeyNotFound`. */
  async find(id: string): Promise<KeyRecord> {
    this.#assertOn();
    const record = await this.#unlessDue(await this.#records.find(id));
    if (record?.kind !== 'account' || record.state === 'destroyed') throw keyNotFound(id);
    return record;
  }

  async findDefault(): Promise<KeyRecord | undefined> {
    this.#assertOn();
    return await this.#unlessDue(await this.#records.findDefault());
  }

  /** The default key, made when it is first needed. */
  async default(): Promise<KeyRecord> {
    const kept = await this.findDefault();
    if (kept !== undefined) return kept;
    // Of two requests that come first, one makes it and both use it.
    const description = 'The default key of the account, made when it was first needed.';
    await this.#records.insert(this.#newRecord(newId(), { description, isDefault: true }));
    const made = await this.#records.findDefault();
    assert(made !== undefined, 'the account has no default key right after it was made');
    return made;
  }

  /** Destroys the keys whose time has come. */
  async destroyDue(): Promise<void> {
    for (const id of await this.#records.destroyDue(this.#clock.now())) this.#masters.forget(id);
  }

  async #change(id: string, to: KeyChange): Promise<KeyView> {
    this.#assertOn();
    await this.destroyDue();
    const from: readonly KeyState[] = ['enabled', 'disabled'];
    if (await this.#records.change(id, from, to)) return await this.get(id);
    throw keyPendingDeletion(await this.find(id));
  }

  async #unlessDue(record: KeyRecord | undefined): Promise<KeyRecord | undefined> {
    if (record?.deletionAtMs === undefined || record.deletionAtMs > this.#clock.now()) return record;
    await this.destroyDue();
    return undefined;
  }

  #newRecord(
    id: string,
    { description, spec = 'SYMMETRIC', isDefault = false }: Partial<KeyRecord> & Pick<KeyRecord, 'description'>,
  ): KeyRecord {
    return {
      id,
      kind: 'account',
      spec,
      state: 'enabled',
      description,
      isDefault,
      createdAtMs: this.#clock.now(),
      ...(spec === 'SYMMETRIC' && { sealed: this.#masters.make(id) }),
    };
  }

  #assertOn(): void {
    if (!this.#isOn) throw keyServiceOff();
  }
}

function newId(): string {
  return `key-${randomUUID()}`;
}
