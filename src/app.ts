/** Wires the rooms together: a data folder becomes a server. */

import type { Logger } from 'pino';
import { AccessBook } from './access/access-book.ts';
import { Sessions } from './access/sessions.ts';
import { AdminService } from './admin/admin-service.ts';
import { openAuditTrail } from './audit-trail.ts';
import { bucketsOf } from './bucket-rules.ts';
import { ClockMover, untilSettled } from './clock-mover.ts';
import { Closers } from './closers.ts';
import type { Settings } from './config.ts';
import { AccessTable } from './control/access-table.ts';
import { copyControlDatabase } from './control/control-file.ts';
import { DataFolderLock } from './control/data-folder-lock.ts';
import type { AuditTrail } from './core/audit.ts';
import { type Clock, systemClock } from './core/clock.ts';
import type { DomainError } from './core/errors.ts';
import { storageFull } from './core/storage-full.ts';
import { BackupService } from './data-folder/backup-service.ts';
import { lostPart } from './data-folder/lost-parts.ts';
import { openRootKey, type RootKey } from './data-folder/root-key.ts';
import { type Databases, openDatabases } from './databases.ts';
import { openDoor, openTls, type Services } from './front-door.ts';
import type { HttpRequest } from './http/http-server.ts';
import { FileSecretSealer } from './keys/secret-sealer.ts';
import { type Monitoring, openMonitoring } from './monitoring.ts';
import type { MonitoringPaths } from './monitoring-paths.ts';
import { openWebhooks } from './open-webhooks.ts';
import { authenticate } from './protocol/oss/authenticate.ts';
import { ERROR_TABLE } from './protocol/oss/error-table.ts';
import { OssService } from './protocol/oss/oss-service.ts';
import { StsService } from './protocol/sts/sts-service.ts';
import { openReadiness } from './readiness-checks.ts';
import { ruleOptionsPort, rulePort, runPort, runsPort } from './rule-ports.ts';
import { openRuns, type Running } from './rules-and-runs.ts';
import type { Readiness } from './telemetry/readiness.ts';
import { neededPermissions, storePort } from './wire-ports.ts';

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
  /** Takes up the files of the certificate again; absent without TLS. */
  readonly reloadCertificate?: () => void;
  /** Resolves when the store has to be opened again, which only another start of the process does. */
  readonly unusable: Promise<DomainError>;
  /** Drains: answers what was asked, stops runs (they go on at the next start), lets go of the folder. */
  close(): Promise<void>;
}

/** Opens the data folder, takes up what the last process left, and serves. */
export async function startApp({ settings, log, clock = systemClock }: AppOptions): Promise<App> {
  const closers = new Closers();
  const lock = DataFolderLock.take(settings.data);
  closers.add(() => lock.release());
  const { promise: unusable, resolve: onUnusable } = Promise.withResolvers<DomainError>();
  try {
    const lost = await lostPart(settings.data);
    if (lost !== undefined) throw new Error(lost.text);
    const { rootKey, isFirstStart } = openRootKey(settings);
    const audit = openAuditTrail(settings, clock, log);
    closers.add(() => audit.close());
    const tls = openTls(settings, clock, log);
    closers.add(() => tls?.close());
    const databases = await openDatabases(settings, { clock, onUnusable, closers });
    const monitoring = await openMonitoring({ settings, databases, clock, log, closers });
    const parts: Parts = { settings, log, clock, closers, audit, databases, monitoring };
    const access = await openAccess(parts, rootKey);
    const running = await openRuns({
      ...parts,
      clock: databases.time.clock,
      roles: access.book,
    });
    const readiness = openReadiness({ ...parts, ...running, unusable });
    const services = openServices({ ...parts, ...running, access, readiness });
    const endpoint = await openDoor(services, { settings, tls, log, closers });
    closers.add(() => readiness.drain());
    // Those who watch a run would keep the door open until they are cut off.
    closers.add(() => running.feed.close());
    const reload = tls && { reloadCertificate: () => tls.reload() };
    return { endpoint, rootKey, isFirstStart, unusable, close: () => closers.close(), ...reload };
  } catch (error) {
    await closers
      .close()
      .catch((closing: unknown) => log.error({ err: closing }, 'a start that failed left something open'));
    if (storageFull(error) === undefined) throw error;
    const text = `There is no room left on the disk of "${settings.data}", and a start has to write a little. Make room there, then start again.`;
    throw new Error(text, { cause: error });
  }
}

/** What is there before anything is served. */
interface Parts {
  readonly settings: Settings;
  readonly log: Logger;
  readonly clock: Clock;
  readonly closers: Closers;
  readonly audit: AuditTrail;
  readonly databases: Databases;
  readonly monitoring: Monitoring;
}

/** Who may do what: lasting identities and the sessions of roles. */
interface Access {
  readonly book: AccessBook;
  readonly sessions: Sessions;
}

async function openAccess({ settings, clock, databases }: Parts, rootKey: RootKey): Promise<Access> {
  const { control, keyFile, store } = databases;
  const sealer = new FileSecretSealer(keyFile);
  const book = await AccessBook.open({
    records: new AccessTable(control),
    sealer,
    clock,
    serverAccount: { id: settings.accountId, rootKey },
    ownsBuckets: (account) => bucketsOf(store).some(({ owner }) => owner === account),
  });
  return { book, sessions: new Sessions(book, sealer) };
}

function openServices(parts: Parts & Running & { readonly access: Access; readonly readiness: Readiness }): Services {
  const { settings, log, clock, audit, databases, rules, executor, access, monitoring, readiness } = parts;
  const { store, keys } = databases;
  const { book, sessions } = access;
  const now = () => clock.now();
  const ruleOptions = ruleOptionsPort(parts);
  const onFault = (error: unknown, request: HttpRequest) =>
    log.error({ err: error, request: request.id, method: request.method }, 'request failed');
  const admin = new AdminService(
    {
      serverAccount: settings.accountId,
      now,
      authenticate: (request) =>
        authenticate(request, { credentials: sessions, nowMs: now(), servedRegions: settings.region }),
      describeError: (code) => ERROR_TABLE[code],
      audit,
      permissions: neededPermissions(),
      access: book,
      keys: keys.account,
      backups: openBackups(parts),
      runs: runsPort(parts.lists, store),
      webhooks: openWebhooks({ ...parts, onEvent: monitoring.onWebhookEvent }),
      clock: new ClockMover({ time: databases.time, settled: untilSettled(parts) }),
    },
    onFault,
    monitoring.onServed,
  );
  const oss = new OssService(
    {
      settings: {
        accountId: settings.accountId,
        domain: settings.domain,
        regions: settings.region,
        inventory: settings.inventory,
        allNeedsVersioning: settings.allNeedsVersioning,
        latestFile: settings.latestFile,
        maxDailyObjects: settings.limits.dailyObjects,
        maxWeeklyObjects: settings.limits.weeklyObjects,
      },
      now,
      dataNow: () => databases.time.clock.now(),
      credentials: sessions,
      audit,
      store: storePort({ store, rules, executor, assertAccount: (id) => book.account(id) }),
      rules: rulePort({ ...parts, store, ruleOptions }),
      ruleOptions,
      runs: runPort(parts),
      roles: book,
      keys,
    },
    onFault,
    monitoring.onServed,
  );
  const sts = new StsService({ directory: book, sessions, now, audit }, onFault, monitoring.onServed);
  const paths: MonitoringPaths = {
    ready: () => readiness.report(),
    metrics: () => monitoring.scrape(readiness, executor),
    metricsToken: settings.metricsToken,
  };
  return { admin, oss, sts, monitoring: paths };
}

/** Backups that clients of the admin API ask for. */
function openBackups({ settings, log, closers, databases }: Parts): BackupService {
  const { control, store } = databases;
  const backups = new BackupService({
    source: {
      data: settings.data,
      lend: (atInstant, work) => store.lend(atInstant, work),
      copyControl: (file) => copyControlDatabase(control, file),
      now: () => databases.time.clock.now(),
    },
    keyFile: settings.keyFile,
    onFailure: (error, { folder }) => log.error({ err: error, folder }, 'backup failed'),
  });
  closers.add(() => backups.close());
  return backups;
}
