/** Wires the rooms together: a data folder becomes a server. */

import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Logger } from 'pino';
import { RootAccess } from './access/access.ts';
import { AdminService, isAdminTarget } from './admin/admin-service.ts';
import type { Settings } from './config.ts';
import { type ControlDatabase, openControlDatabase } from './control/control-database.ts';
import { copyControlDatabase } from './control/control-file.ts';
import { DataFolderLock } from './control/data-folder-lock.ts';
import { KeyTable } from './control/key-table.ts';
import { DEFAULT_ROLE, RoleTable } from './control/role-table.ts';
import { RuleBook } from './control/rule-book.ts';
import { RunLedger } from './control/run-ledger.ts';
import { type Clock, systemClock } from './core/clock.ts';
import { DomainError, hasCode } from './core/errors.ts';
import { reach } from './core/failpoint.ts';
import { noSuchRule } from './core/rule.ts';
import { storageFull } from './core/storage-full.ts';
import { BackupService } from './data-folder/backup-service.ts';
import { openKeyFile } from './data-folder/key-file.ts';
import { lostPart } from './data-folder/lost-parts.ts';
import { createRootKey, type RootKey, readRootKey } from './data-folder/root-key.ts';
import { EmbeddedEngine } from './embedded-engine.ts';
import { type HttpRequest, type HttpResponse, HttpServer } from './http/http-server.ts';
import { jsonReply } from './http/json-reply.ts';
import { LocalExecutor, type RunEvent } from './jobs/local-executor.ts';
import { KeyService } from './keys/key-service.ts';
import { isVirtualHosted } from './protocol/oss/address.ts';
import { authenticate } from './protocol/oss/authenticate.ts';
import { ERROR_TABLE } from './protocol/oss/error-table.ts';
import { OssService } from './protocol/oss/oss-service.ts';
import type { ObjectStorePort, RolePort, RulePort, RunPort } from './protocol/oss/ports.ts';
import { syncFolder } from './store/bodies/body-files.ts';
import { ObjectStore } from './store/object-store.ts';

/** How long requests under way may take when the server is told to stop. */
const DRAIN_MS = 10_000;

export interface AppOptions {
  readonly settings: Settings;
  readonly log: Logger;
  readonly clock?: Clock;
}

export interface App {
  /** As in `http://127.0.0.1:9300`. */
  readonly endpoint: string;
  readonly rootKey: RootKey;
  /** The root key was made by this start. */
  readonly isFirstStart: boolean;
  /** Resolves when the store has to be opened again, which only another start of the process does. */
  readonly unusable: Promise<DomainError>;
  /** Drains: answers what was asked, stops runs (they go on at the next start), lets go of the folder. */
  close(): Promise<void>;
}

/** Opens the data folder, takes up what the last process left, and serves. */
export async function startApp({ settings, log, clock = systemClock }: AppOptions): Promise<App> {
  const folder = settings.data;
  const lock = DataFolderLock.take(folder);
  const closers: (() => Promise<unknown> | unknown)[] = [() => lock.release()];
  const close = () => takeAll(closers.splice(0).reverse());
  const { promise: unusable, resolve: onUnusable } = Promise.withResolvers<DomainError>();
  try {
    const lost = await lostPart(folder);
    if (lost !== undefined) throw new Error(lost.text);
    const { rootKey, isFirstStart } = openRootKey(settings);
    const spool = path.join(folder, 'spool');
    await rm(spool, { recursive: true, force: true });
    await mkdir(spool, { recursive: true });

    const db = await openControlDatabase(folder);
    closers.push(() => db.destroy());
    const keys = await openKeys(db, settings, clock);
    const storeFolder = path.join(folder, 'store');
    await mkdir(storeFolder, { recursive: true });
    const store = await ObjectStore.open(storeFolder, { clock, keys, onUnusable });
    closers.push(() => store.close());
    // Both databases are in their places now, and those have to outlast a power loss too.
    await syncFolder(folder);

    const backups = new BackupService({
      source: {
        data: folder,
        lend: (atInstant, work) => store.lend(atInstant, work),
        copyControl: (file) => copyControlDatabase(db, file),
        now: () => clock.now(),
      },
      keyFile: settings.keyFile,
      onFailure: (error, { folder }) => log.error({ err: error, folder }, 'backup failed'),
    });
    closers.push(() => backups.close());

    const rules = new RuleBook(db, clock, { maxRules: settings.limits.rulesPerBucket });
    const ledger = new RunLedger(db, clock);
    const roles = new RoleTable(db);
    await roles.ensure(settings.accountId, DEFAULT_ROLE, clock.now());
    const engine = new EmbeddedEngine({
      store,
      storeFolder,
      spool,
      roles,
      keys,
      clock,
      threads: settings.limits.scanThreads || availableParallelism(),
    });
    const executor = new LocalExecutor({
      ledger,
      engine,
      clock,
      maxRuns: settings.limits.runs,
      onEvent: (event) => logRun(log, event),
    });
    closers.push(() => executor.close());
    await sweepRules(rules, store);
    await executor.recover();

    const credentials = rootCredentials(rootKey, settings.accountId);
    const access = new RootAccess();
    const onFault = (error: unknown, request: HttpRequest) =>
      log.error({ err: error, request: request.id, method: request.method }, 'request failed');
    const admin = new AdminService(
      {
        accountId: settings.accountId,
        authenticate: (request) =>
          authenticate(request, { credentials, nowMs: clock.now(), servedRegions: settings.region }),
        access,
        describeError: (code) => ERROR_TABLE[code],
        keys: keys.account,
        backups,
      },
      onFault,
    );
    const oss = new OssService(
      {
        settings: {
          accountId: settings.accountId,
          domain: settings.domain,
          regions: settings.region,
          inventory: settings.inventory,
          allNeedsVersioning: settings.allNeedsVersioning,
          maxDailyObjects: settings.limits.dailyObjects,
          maxWeeklyObjects: settings.limits.weeklyObjects,
        },
        now: () => clock.now(),
        credentials,
        access,
        store: storePort(store, rules, executor),
        rules: rulePort(rules, store, executor),
        runs: runPort(rules, ledger, executor),
        roles: rolePort(roles),
        keys,
      },
      onFault,
    );
    const server = new HttpServer(
      (request) => (isOurs(request, settings) ? answerOurs(request, admin) : oss.handle(request)),
      (error) => log.error({ err: error }, 'response failed'),
    );
    const port = await listen(server, settings);
    closers.push(() => server.close(DRAIN_MS));
    return { endpoint: `http://${urlHost(settings.host)}:${port}`, rootKey, isFirstStart, unusable, close };
  } catch (error) {
    await close().catch((closing: unknown) => log.error({ err: closing }, 'a start that failed left something open'));
    if (storageFull(error) === undefined) throw error;
    const text = `There is no room left on the disk of "${folder}", and a start has to write a little. Make room there, then start again.`;
    throw new Error(text, { cause: error });
  }
}

/** Takes every step, whatever becomes of those before it; the lock, which is last, must not outlive a fault. */
async function takeAll(steps: readonly (() => Promise<unknown> | unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, `${failures.length} steps of closing the server failed.`);
}

/** The key service, opened by the key file. One that is missing is made only while there is nothing it would open. */
async function openKeys(db: ControlDatabase, settings: Settings, clock: Clock): Promise<KeyService> {
  const records = new KeyTable(db);
  const sealedBy = openKeyFile(settings.keyFile, { mayCreate: await records.isEmpty() });
  return await KeyService.open({ records, sealedBy, clock, isOn: settings.keyService });
}

async function listen(server: HttpServer, { host, port }: Settings): Promise<number> {
  try {
    return await server.listen(host, port);
  } catch (error) {
    const why =
      error instanceof Error && 'code' in error && error.code === 'EADDRINUSE' ? 'it is in use' : String(error);
    throw new Error(`Port ${port} of "${host}" can't be listened on: ${why}. Name another with --port or --host.`, {
      cause: error,
    });
  }
}

function openRootKey(settings: Settings): { rootKey: RootKey; isFirstStart: boolean } {
  const { accessKeyId, accessKeySecret, data } = settings;
  if (accessKeyId !== undefined && accessKeySecret !== undefined) {
    return { rootKey: { accessKeyId, accessKeySecret }, isFirstStart: false };
  }
  const kept = readRootKey(data);
  return kept === undefined
    ? { rootKey: createRootKey(data), isFirstStart: true }
    : { rootKey: kept, isFirstStart: false };
}

/** `/-/` is ours, since no bucket can have that name; everything else is the OSS wire's. */
function isOurs({ target, headers }: HttpRequest, { domain, region }: Settings): boolean {
  return isAdminTarget(target) && !isVirtualHosted(headers.host ?? '', { domain, regions: region });
}

async function answerOurs(request: HttpRequest, admin: AdminService): Promise<HttpResponse> {
  if (request.method === 'GET' && request.target === '/-/health') {
    return jsonReply(200, { status: 'ok' });
  }
  return await admin.handle(request);
}

function rootCredentials(rootKey: RootKey, accountId: string) {
  const { accessKeyId, accessKeySecret } = rootKey;
  const credential = { secret: accessKeySecret, identity: { kind: 'root', accountId, accessKeyId } as const };
  return { find: (id: string) => (id === accessKeyId ? credential : undefined) };
}

/** The store, with what a bucket's end means for its rules: they go after it, and at the latest at the next start. */
function storePort(store: ObjectStore, rules: RuleBook, executor: LocalExecutor): ObjectStorePort {
  return {
    createBucket: (bucket) => store.createBucket(bucket),
    async deleteBucket(name) {
      const { id } = await store.deleteBucket(name);
      reach('bucket.deleted');
      await endRules(id, rules, executor);
    },
    findBucket: (name) => store.findBucket(name),
    listBuckets: (after, limit) => store.listBuckets(after, limit),
    changeBucket: (name, change) => store.changeBucket(name, change),
    totals: (bucket) => store.totals(bucket),
    put: (request, body, promise) => store.put(request, body, promise),
    head: (address) => store.head(address),
    read: (address, chooseRange) => store.read(address, chooseRange),
    change: (address, change) => store.change(address, change),
    deleteMany: (bucket, objects) => store.deleteMany(bucket, objects),
    list: (bucket, request) => store.list(bucket, request),
    listVersions: (bucket, request) => store.listVersions(bucket, request),
    uploads: store.uploads,
  };
}

/** Ends all rules of a bucket that is gone, and their runs under way. */
async function endRules(bucketId: string, rules: RuleBook, executor: LocalExecutor): Promise<void> {
  for (const uid of await rules.deleteBucket(bucketId)) executor.cancel(uid);
}

/** Rules whose bucket is gone: the process ended between the bucket's end and theirs. */
async function sweepRules(rules: RuleBook, store: ObjectStore): Promise<void> {
  const buckets = new Set(store.listBuckets('', Number.MAX_SAFE_INTEGER).map(({ id }) => id));
  for (const id of await rules.bucketIds()) if (!buckets.has(id)) await rules.deleteBucket(id);
}

function rulePort(rules: RuleBook, store: ObjectStore, executor: LocalExecutor): RulePort {
  return {
    assertPlace: (bucket, ruleId, options) => rules.assertPlace(bucket, ruleId, options),
    async put(bucket, rule, options) {
      await rules.put(bucket, rule, options);
      // The bucket may have gone after it was looked up, and its end have missed this rule.
      if (store.findBucket(bucket.name)?.id !== bucket.id) {
        await endRules(bucket.id, rules, executor);
        throw new DomainError('NoSuchBucket', 'The specified bucket does not exist.', { BucketName: bucket.name });
      }
      await executor.wake();
    },
    async get(bucket, ruleId) {
      return (await rules.get(bucket.id, ruleId)).rule;
    },
    list: (bucket, after, limit) => rules.list(bucket.id, after, limit),
    async delete(bucket, ruleId) {
      const uid = await rules.delete(bucket.id, ruleId);
      if (uid !== undefined) executor.cancel(uid);
    },
  };
}

function runPort(rules: RuleBook, ledger: RunLedger, executor: LocalExecutor): RunPort {
  return {
    async start(bucket, ruleId) {
      const run = await ledger.start(await rules.get(bucket.id, ruleId), 'manual');
      await executor.wake();
      return run;
    },
    async get(bucket, ruleId, runId) {
      try {
        return await ledger.view({ bucketId: bucket.id, ruleId }, runId);
      } catch (error) {
        if (hasCode(error, 'NoSuchRun')) await rules.get(bucket.id, ruleId);
        throw error;
      }
    },
    async list(bucket, ruleId, before, limit) {
      // The runs of a rule that is gone stay to be seen, until another takes its id.
      const uid = (await rules.find(bucket.id, ruleId))?.uid ?? (await ledger.lastRuleUid(bucket.id, ruleId));
      if (uid === undefined) throw noSuchRule();
      return await ledger.list(uid, before, limit);
    },
  };
}

function rolePort(roles: RoleTable): RolePort {
  return {
    async assertUsable(roleArn) {
      if (await roles.has(roleArn)) return;
      throw new DomainError(
        'RuleRoleArnInvalid',
        `RoleArn is "${roleArn}", and there is no such role. The default role ${DEFAULT_ROLE} of the account is accepted.`,
        { ArgumentName: 'RoleArn', ArgumentValue: roleArn },
      );
    },
  };
}

function logRun(log: Logger, event: RunEvent): void {
  const { run, kind } = event;
  const facts = { run: run.id, bucket: run.bucket, rule: run.rule.id };
  const fault = 'cause' in event && { err: event.cause };
  if (kind === 'failed') log.warn({ ...facts, reason: event.reason, ...fault }, 'run failed');
  else if (kind === 'postponed') log.error({ ...facts, ...fault }, 'run put off: its state could not be settled');
  else if (kind === 'unswept') log.error({ ...facts, ...fault }, 'files of a run are left until the next start');
  else log.info(facts, `run ${kind}`);
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
