/** The admin API on a real port, with keys in memory and a clock that a test sets; no store and no data folder. */

import { randomBytes } from 'node:crypto';
import { type Access, RootAccess } from '../src/access/access.ts';
import { AdminService } from '../src/admin/admin-service.ts';
import type { BackupPort, KeyPort } from '../src/admin/ports.ts';
import { HttpServer } from '../src/http/http-server.ts';
import { KeyService } from '../src/keys/key-service.ts';
import { authenticate } from '../src/protocol/oss/authenticate.ts';
import { ERROR_TABLE } from '../src/protocol/oss/error-table.ts';
import { MemoryKeyRecords } from './contract/memory-key-records.ts';
import { TEST_KEY } from './server-process.ts';
import { WireClient } from './wire-client.ts';

const NO_BACKUPS: BackupPort = {
  start: () => Promise.reject(new Error('this server has no data folder')),
  last: () => {
    throw new Error('this server has no data folder');
  },
};

const ACCOUNT = '1000000000000000';

interface AdminServerChange {
  readonly keys?: Partial<KeyPort>;
  readonly backups?: BackupPort;
  readonly isOn?: boolean;
  readonly access?: Access;
}

export async function startAdminServer(change: AdminServerChange = {}) {
  const clock = { nowMs: Date.now(), now: () => clock.nowMs };
  const identity = { kind: 'root', accountId: ACCOUNT, accessKeyId: TEST_KEY.accessKeyId } as const;
  const credential = { secret: TEST_KEY.accessKeySecret, identity };
  const credentials = { find: (id: string) => (id === TEST_KEY.accessKeyId ? credential : undefined) };
  const sealedBy = { file: 'key.json', id: 'key-file', key: randomBytes(32) };
  const records = new MemoryKeyRecords();
  const keys = await KeyService.open({ records, sealedBy, clock, isOn: change.isOn ?? true });
  const faults: unknown[] = [];
  const admin = new AdminService(
    {
      accountId: ACCOUNT,
      authenticate: (request) =>
        authenticate(request, { credentials, nowMs: Date.now(), servedRegions: ['cn-hangzhou'] }),
      access: change.access ?? new RootAccess(),
      describeError: (code) => ERROR_TABLE[code],
      keys: Object.assign(keys.account, change.keys),
      backups: change.backups ?? NO_BACKUPS,
    },
    (error) => faults.push(error),
  );
  const server = new HttpServer(
    (request) => admin.handle(request),
    (error) => faults.push(error),
  );
  const endpoint = `http://127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
  const client = new WireClient({ endpoint, key: TEST_KEY });
  return {
    endpoint,
    clock,
    keys: keys.account,
    client,
    /** Faults that are not the client's. */
    faults,
    async close() {
      client.close();
      await server.close(0);
    },
  };
}
