/**
 * The admin API on a real port, with accounts and keys in memory and a clock that a test sets; no store and no data
 * folder. It is asked by the root of the server's account unless a test says who else asks.
 */

import { randomBytes } from 'node:crypto';
import type { AccessBookOptions } from '../src/access/access-book.ts';
import { Sessions } from '../src/access/sessions.ts';
import { AdminService } from '../src/admin/admin-service.ts';
import type { BackupPort, ClockPort, KeyPort, RunsPort, WebhookPort } from '../src/admin/ports.ts';
import { ClockMover } from '../src/clock-mover.ts';
import type { AuditEntry } from '../src/core/audit.ts';
import { systemClock } from '../src/core/clock.ts';
import { HttpServer } from '../src/http/http-server.ts';
import { KeyService } from '../src/keys/key-service.ts';
import { authenticate } from '../src/protocol/oss/authenticate.ts';
import { ERROR_TABLE } from '../src/protocol/oss/error-table.ts';
import { neededPermissions } from '../src/wire-ports.ts';
import { openBook, SERVER_ACCOUNT } from './access-fixture.ts';
import { openOutput } from './captured-output.ts';
import { MemoryKeyRecords } from './contract/memory-key-records.ts';
import { TEST_KEY } from './server-process.ts';
import { anySealer } from './session-fixture.ts';
import { WireClient, type WireKey, type WireRequest } from './wire-client.ts';

/** Of a server whose time is the machine's. */
const SYSTEM_TIME = new ClockMover({ time: { clock: systemClock }, settled: () => Promise.resolve(true) });

const NO_BACKUPS: BackupPort = {
  start: () => Promise.reject(new Error('this server has no data folder')),
  last: () => {
    throw new Error('this server has no data folder');
  },
};

const NO_WEBHOOKS: WebhookPort = (() => {
  const refuse = () => Promise.reject(new Error('this server has no data folder'));
  return {
    create: refuse,
    list: refuse,
    get: refuse,
    replace: refuse,
    setState: refuse,
    rotateSecret: refuse,
    delete: refuse,
    test: refuse,
    deliveries: refuse,
    delivery: refuse,
    retry: refuse,
  };
})();

const NO_RUNS: RunsPort = { list: async () => ({ runs: [] }) };

interface AdminServerChange {
  readonly keys?: Partial<KeyPort>;
  readonly backups?: BackupPort;
  readonly runs?: RunsPort;
  readonly clock?: ClockPort;
  readonly isOn?: boolean;
  readonly book?: Partial<AccessBookOptions>;
}

export interface Asked extends Omit<WireRequest, 'method' | 'bucket' | 'key' | 'body'> {
  readonly json?: unknown;
  readonly body?: string | Uint8Array;
}

export async function startAdminServer(change: AdminServerChange = {}) {
  const clock = { nowMs: Date.now(), now: () => clock.nowMs };
  const sealer = anySealer();
  const serverAccount = { id: SERVER_ACCOUNT, rootKey: TEST_KEY };
  const opened = await openBook({ sealer, clock, serverAccount, ...change.book });
  const credentials = new Sessions(opened.book, sealer);
  const sealedBy = { file: 'key.json', id: 'key-file', key: randomBytes(32) };
  const records = new MemoryKeyRecords();
  const keys = await KeyService.open({ records, sealedBy, clock, isOn: change.isOn ?? true });
  const faults: unknown[] = [];
  const audited: AuditEntry[] = [];
  const keepEntry = openOutput('audit');
  const admin = new AdminService(
    {
      serverAccount: SERVER_ACCOUNT,
      now: () => clock.nowMs,
      authenticate: (request) =>
        authenticate(request, { credentials, nowMs: Date.now(), servedRegions: ['cn-hangzhou'] }),
      describeError: (code) => ERROR_TABLE[code],
      audit: {
        record: (entry) => {
          audited.push(entry);
          keepEntry(`${JSON.stringify(entry)}\n`);
        },
      },
      permissions: neededPermissions(),
      access: opened.book,
      keys: Object.assign(keys.account, change.keys),
      backups: change.backups ?? NO_BACKUPS,
      runs: change.runs ?? NO_RUNS,
      webhooks: NO_WEBHOOKS,
      clock: change.clock ?? SYSTEM_TIME,
    },
    (error) => faults.push(error),
  );
  const server = new HttpServer(
    (request) => admin.handle(request),
    (error) => faults.push(error),
  );
  const { port } = await server.listen('127.0.0.1', 0);
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new WireClient({ endpoint, key: TEST_KEY });
  return {
    ...opened,
    endpoint,
    clock,
    keys: keys.account,
    sessions: credentials,
    client,
    /** Faults that are not the client's. */
    faults,
    /** What the audit log was told. */
    audited,
    /** The answer to a request for what lies below `/-/api/v1/`, signed by the root unless another key is given. */
    async ask(method: string, path: string, { json, body, ...more }: Asked = {}, key?: WireKey) {
      const sent = json === undefined ? body : JSON.stringify(json);
      const request = {
        method,
        bucket: '-',
        key: `api/v1/${path}`,
        ...(sent !== undefined && { body: sent }),
        ...more,
      };
      const { status, headers, text } = await client.send({ ...request, ...(key && { signWith: key }) });
      return { status, headers, json: JSON.parse(text) };
    },
    async close() {
      client.close();
      await server.close(0);
    },
  };
}

export type AdminServer = Awaited<ReturnType<typeof startAdminServer>>;

/** A user of the server's account with an access key and one policy of its own, made of these statements. */
export async function addUser(server: AdminServer, name: string, statements: readonly object[]): Promise<WireKey> {
  const statement = statements.map((each) => ({ Effect: 'Allow', Resource: '*', ...each }));
  await server.make(
    { kind: 'createUser', name, description: '' },
    ...(statements.length === 0
      ? []
      : ([
          { kind: 'putPolicy', name: `of-${name}`, description: '', document: { Version: '1', Statement: statement } },
          { kind: 'attach', policy: `of-${name}`, to: { kind: 'user', name } },
        ] as const)),
  );
  const { id, secret } = await server.makeKey({ user: name });
  return { accessKeyId: id, accessKeySecret: secret };
}
