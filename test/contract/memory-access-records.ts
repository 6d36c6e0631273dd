/** Accounts, users, access keys, roles and policies in memory, as the access book wants them kept. */

import type { AccessRecords } from '../../src/access/access-records.ts';
import type { AccessRecord, AccessWrite } from '../../src/core/access-record.ts';

const ORDER = ['account', 'user', 'accessKey', 'role', 'policy', 'attachment'] as const;

export class MemoryAccessRecords implements AccessRecords {
  #records = new Map<string, AccessRecord>();

  async load(): Promise<readonly AccessRecord[]> {
    return ORDER.flatMap((kind) => [...this.#records.values()].filter((record) => record.kind === kind));
  }

  async write(writes: readonly AccessWrite[]): Promise<void> {
    const next = new Map(this.#records);
    for (const { act, record } of writes) {
      if (act === 'remove') {
        next.delete(keyOf(record));
      } else {
        const namesake = [...next.values()].find((other) => isNamesake(record, other));
        if (namesake !== undefined) throw new Error(`${keyOf(record)} has the name of ${keyOf(namesake)}`);
        next.set(keyOf(record), record);
      }
    }
    this.#records = next;
  }
}

function keyOf(record: AccessRecord): string {
  if (record.kind === 'policy') return `policy ${record.accountId} ${record.name}`;
  if (record.kind === 'attachment') return `attachment ${record.holderId} ${record.policy}`;
  return `${record.kind} ${record.id}`;
}

/** Another user or role of the account, or another account, that has the name. */
function isNamesake(record: AccessRecord, other: AccessRecord): boolean {
  if (keyOf(record) === keyOf(other)) return false;
  if (record.kind === 'account' && other.kind === 'account') {
    return record.name === other.name && record.state !== 'deleted' && other.state !== 'deleted';
  }
  const isNamed =
    (record.kind === 'user' && other.kind === 'user') || (record.kind === 'role' && other.kind === 'role');
  return isNamed && record.accountId === other.accountId && record.name === other.name;
}
