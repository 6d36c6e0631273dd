/** Keys in memory, as the key service wants them kept. */

import type { KeyChange, KeyRecord, KeyRecords } from '../../src/keys/key-records.ts';

export class MemoryKeyRecords implements KeyRecords {
  readonly #records = new Map<string, KeyRecord>();

  async find(id: string): Promise<KeyRecord | undefined> {
    return this.#records.get(id);
  }

  async findDefault(): Promise<KeyRecord | undefined> {
    return this.#default();
  }

  async insert(record: KeyRecord): Promise<boolean> {
    if (this.#records.has(record.id)) return false;
    if (record.isDefault && this.#default() !== undefined) return false;
    this.#records.set(record.id, record);
    return true;
  }

  async list(after: string, limit: number): Promise<readonly KeyRecord[]> {
    return [...this.#records.values()]
      .filter(({ id, kind, state }) => kind === 'account' && state !== 'destroyed' && id > after)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  async change(id: string, from: readonly string[], to: KeyChange): Promise<boolean> {
    const record = this.#records.get(id);
    if (record?.kind !== 'account' || !from.includes(record.state)) return false;
    const { deletionAtMs, ...kept } = record;
    this.#records.set(id, { ...kept, ...to });
    return true;
  }

  async destroyDue(nowMs: number): Promise<readonly string[]> {
    const due = [...this.#records.values()].filter(
      ({ state, deletionAtMs }) => state === 'pendingDeletion' && (deletionAtMs ?? 0) <= nowMs,
    );
    for (const { sealed, ...kept } of due) {
      this.#records.set(kept.id, { ...kept, state: 'destroyed', isDefault: false });
    }
    return due.map(({ id }) => id);
  }

  #default(): KeyRecord | undefined {
    return [...this.#records.values()].find(({ isDefault }) => isDefault);
  }
}
