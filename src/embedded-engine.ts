/** Fits the inventory engine to the executor, for buckets of the embedded store. */

import assert from 'node:assert/strict';
import type { Directory } from './access/directory-facts.ts';
import { faultsText, roleFaults } from './access/role-rights.ts';
import type { StoredRun } from './control/run-ledger.ts';
import type { Bucket } from './core/bucket.ts';
import type { Clock } from './core/clock.ts';
import { DomainError, hasCode } from './core/errors.ts';
import { isKeyRefusal } from './core/key-refusal.ts';
import {
  checksumKey,
  folderKeys,
  latestKey,
  MAX_MANIFEST_BYTES,
  manifestFileKeys,
  manifestKey,
  reportJsonKey,
  reportPlace,
} from './core/report.ts';
import type { ReportFacts, ReportShard } from './core/report-facts.ts';
import type { Rule } from './core/rule.ts';
import { sourceGone } from './core/run.ts';
import type { Destination } from './inventory/destination.ts';
import { Inventory } from './inventory/inventory.ts';
import { publishReport } from './inventory/publish.ts';
import type { ScanPool } from './inventory/scan-pool.ts';
import type { Engine, EngineRun } from './jobs/engine.ts';
import { BucketDestination } from './store/inventory-destination.ts';
import { BucketSource } from './store/inventory-source.ts';
import type { ObjectStore } from './store/object-store.ts';

export interface EmbeddedEngineOptions {
  readonly store: ObjectStore;
  /** The store's folder, for readers that open it by themselves. */
  readonly storeFolder: string;
  /** For data files on their way; on the file system of the store. */
  readonly spool: string;
  readonly roles: Pick<Directory, 'findRole'>;
  readonly keys: EngineKeys;
  /** The account that owns the keys. */
  readonly keyAccount: string;
  readonly clock: Clock;
  readonly pool: ScanPool;
  /** Whether the rule of the run keeps `latest.json` now. */
  readonly keepsLatest: (run: StoredRun) => Promise<boolean>;
  /** Told when a report was published and `latest.json` does not name it. */
  readonly onLatestFault: (run: StoredRun, fault: DomainError) => void;
}

/** What the engine wants of the key service. */
export interface EngineKeys {
  /** Throws what keeps the master key, or without an id the account's default one, from being used now. */
  assertUsable(keyId?: string): Promise<void>;
}

export class EmbeddedEngine implements Engine {
  readonly #options: EmbeddedEngineOptions;

  constructor(options: EmbeddedEngineOptions) {
    this.#options = options;
  }

  async open(run: StoredRun): Promise<EngineRun> {
    const { spool, pool } = this.#options;
    // Before anything is waited for: by then another account may have made a bucket of its name.
    const source = this.#source(run);
    await this.#assertMayWrite(run);
    return new Inventory({
      rule: run.rule,
      sourceBucket: run.bucket,
      source,
      destination: this.#destination(run),
      spool,
      pool,
    });
  }

  async isFolderTaken(run: StoredRun, folder: string): Promise<boolean> {
    const destination = this.#destination(run);
    for (const key of folderKeys(folder)) if ((await destination.stat(key)) !== undefined) return true;
    return false;
  }

  async hasReport(run: StoredRun, folder: string): Promise<boolean> {
    return (await this.#destination(run).stat(manifestKey(folder))) !== undefined;
  }

  async publish(run: StoredRun, folder: string, shards: readonly ReportShard[]): Promise<string> {
    const { keepsLatest, onLatestFault } = this.#options;
    const { manifestKey, latestFault } = await publishReport({
      destination: this.#destination(run),
      folder,
      facts: factsOf(run, shards),
      latestKey: (await keepsLatest(run)) ? latestKey(reportPlace(run.bucket, run.rule)) : undefined,
      beforeFirstPut: () => this.#assertMayWrite(run),
    });
    if (latestFault !== undefined) onLatestFault(run, latestFault);
    return manifestKey;
  }

  async removeFiles(run: StoredRun, keys: readonly string[]): Promise<void> {
    if (this.#findDestination(run) === undefined) return;
    const destination = this.#destination(run);
    const manifest = await this.#manifestOf(run);
    const named = new Set(manifest === undefined ? [] : manifestFileKeys(manifest));
    for (const key of keys) if (!named.has(key)) await destination.remove(key);
    if (manifest !== undefined || run.folder === null) return;
    // These are put before the manifest, so without it they were never part of a report.
    for (const key of [reportJsonKey(run.folder), checksumKey(run.folder)]) await destination.remove(key);
  }

  /** The bytes of the manifest in the run's folder, if there is one. */
  async #manifestOf(run: StoredRun): Promise<Uint8Array | undefined> {
    if (run.folder === null) return undefined;
    const manifest = await this.#destination(run).read(manifestKey(run.folder), MAX_MANIFEST_BYTES);
    // One that is too long is somebody else's object under the same name: it names none of our files.
    return manifest && (manifest.bytes ?? new Uint8Array());
  }

  #destination(run: StoredRun): Destination {
    const destination = this.#bucketDestination(run);
    return {
      encrypts: () => destination.encrypts(),
      putFile: async (key, file) => {
        this.#assertRoleMayWrite(run, [key]);
        await toldOf(run, destination.putFile(key, file));
      },
      putNew: async (key, bytes, contentType) => {
        this.#assertRoleMayWrite(run, [key]);
        return await toldOf(run, destination.putNew(key, bytes, contentType));
      },
      replace: async (key, bytes, contentType, current) => {
        this.#assertRoleMayWrite(run, [key]);
        return await toldOf(run, destination.replace(key, bytes, contentType, current));
      },
      read: (key, maxBytes) => toldOf(run, destination.read(key, maxBytes)),
      stat: (key) => toldOf(run, destination.stat(key)),
      remove: async (key) => {
        if (this.#findDestination(run) !== undefined) await toldOf(run, destination.remove(key));
      },
    };
  }

  #findDestination({ rule }: StoredRun): Bucket | undefined {
    return destinationOf(this.#options.store, rule);
  }

  #bucketDestination(run: StoredRun): BucketDestination {
    return new BucketDestination(this.#options.store, run.rule.destination);
  }

  /** The bucket of the run, whose name may be another's by now. */
  #source(run: StoredRun): BucketSource {
    const { store, storeFolder, clock } = this.#options;
    if (store.findBucket(run.bucket)?.id !== run.bucketId) throw sourceGone(run.bucket);
    return new BucketSource({
      store,
      folder: storeFolder,
      bucket: run.bucket,
      withNoncurrent: run.rule.includedObjectVersions === 'All',
      now: () => clock.now(),
    });
  }

  /** The role may write whatever the run is going to, and the key that the report is encrypted with, if it is, can be used. */
  async #assertMayWrite(run: StoredRun): Promise<void> {
    const keepsLatest = await this.#options.keepsLatest(run);
    this.#assertRoleMayWrite(run, undefined, keepsLatest);
    const encryption = this.#bucketDestination(run).encryption();
    if (encryption?.algorithm === 'KMS') await toldOf(run, this.#options.keys.assertUsable(encryption.keyId));
  }

  /** By what policies and the bucket say now: any key of the run unless some are named. */
  #assertRoleMayWrite(run: StoredRun, keys?: readonly string[], keepsLatest = false): void {
    const { roles, keyAccount, clock } = this.#options;
    const { roleArn, accountId, encryption } = run.rule.destination;
    const destination = this.#findDestination(run);
    if (destination === undefined) throw destinationGone(run);
    const place = reportPlace(run.bucket, run.rule);
    const use = { roleArn, role: roles.findRole(roleArn), owner: accountId };
    const faults = roleFaults(
      { ...use, destination, encryption, place, keepsLatest, keyAccount, nowMs: clock.now() },
      keys,
    );
    if (faults.length === 0) return;
    const code = faults.every(({ kind }) => kind === 'key') ? 'KeyUseDenied' : 'RoleLost';
    const lead = keys?.includes(latestKey(place))
      ? 'It names the report of an earlier run, if any. Mend this before the next:'
      : 'Nothing of the report was delivered. Mend this, then start the run again:';
    throw new DomainError(code, `${lead} ${faultsText(faults)}`);
  }
}

/** The destination bucket as it is now. One that another account has made anew under its name is not it. */
export function destinationOf(store: ObjectStore, { destination }: Rule): Bucket | undefined {
  const bucket = store.findBucket(destination.bucket);
  return bucket?.owner === destination.accountId ? bucket : undefined;
}

function factsOf(run: StoredRun, shards: readonly ReportShard[]): ReportFacts {
  const { id, trigger, scheduledForMs, startedAtMs, tries, pointInTimeMs } = run;
  assert(startedAtMs !== null && pointInTimeMs !== null, `run ${id} is published and was never scanned`);
  return {
    run: { id, trigger, scheduledForMs, startedAtMs, tries },
    pointInTimeMs,
    sourceBucket: run.bucket,
    rule: run.rule,
    shards,
  };
}

/** Waits for work on the destination, and says in the run's words what kept it from being done. */
async function toldOf<T>(run: StoredRun, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (hasCode(error, 'NoSuchBucket')) throw destinationGone(run);
    if (isKeyRefusal(error)) throw keyUnusable(run, error);
    throw error;
  }
}

function keyUnusable(run: StoredRun, cause: DomainError): DomainError {
  const { encryption, bucket } = run.rule.destination;
  const asker = encryption === undefined ? `the destination bucket "${bucket}"` : 'the rule';
  return new DomainError(
    'ReportKeyUnusable',
    `The report can't be encrypted as ${asker} asks: ${cause.message} Nothing was delivered, rather than plaintext. Make the key usable, or have ${asker} encrypt in another way; then start the run again.`,
    cause.details,
    { cause },
  );
}

function destinationGone(run: StoredRun): DomainError {
  const { bucket } = run.rule.destination;
  return new DomainError(
    'DestinationGone',
    `The account has no destination bucket "${bucket}" any more. Create it, then start the run again.`,
  );
}
