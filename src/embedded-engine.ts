/** Fits the inventory engine to the executor, for buckets of the embedded store. */

import type { RoleTable } from './control/role-table.ts';
import type { StoredRun } from './control/run-ledger.ts';
import type { Clock } from './core/clock.ts';
import { DomainError, hasCode } from './core/errors.ts';
import { checksumKey, type DataFile, MAX_MANIFEST_BYTES, manifestFileKeys, manifestKey } from './core/report.ts';
import { reportColumns } from './core/report-columns.ts';
import type { Destination } from './inventory/destination.ts';
import { Inventory } from './inventory/inventory.ts';
import { publishReport } from './inventory/publish.ts';
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
  readonly roles: RoleTable;
  readonly clock: Clock;
  readonly threads: number;
}

export class EmbeddedEngine implements Engine {
  readonly #options: EmbeddedEngineOptions;

  constructor(options: EmbeddedEngineOptions) {
    this.#options = options;
  }

  async open(run: StoredRun): Promise<EngineRun> {
    const { store, storeFolder, spool, clock, threads } = this.#options;
    await this.#assertDoable(run);
    return new Inventory({
      rule: run.rule,
      sourceBucket: run.bucket,
      source: new BucketSource(store, storeFolder, run.bucket, () => clock.now()),
      destination: this.#destination(run),
      spool,
      threads,
    });
  }

  async hasReport(run: StoredRun, folder: string): Promise<boolean> {
    return (await this.#destination(run).stat(manifestKey(folder))) !== undefined;
  }

  async publish(run: StoredRun, folder: string, files: readonly DataFile[]): Promise<string> {
    return await publishReport({
      destination: this.#destination(run),
      folder,
      manifest: {
        creationTimestampSeconds: Math.floor((run.startedAtMs ?? 0) / 1000),
        sourceBucket: run.bucket,
        destinationBucket: run.rule.destination.bucket,
        columns: reportColumns(run.rule),
        files,
      },
      beforeFirstPut: () => this.#assertRole(run),
    });
  }

  async removeFiles(run: StoredRun, keys: readonly string[]): Promise<void> {
    const destination = this.#destination(run);
    const manifest = await this.#manifestOf(run);
    const named = new Set(manifest === undefined ? [] : manifestFileKeys(manifest));
    for (const key of keys) if (!named.has(key)) await destination.remove(key);
    // The checksum is put first, so one that is alone was never part of a report.
    if (manifest === undefined && run.folder !== null) await destination.remove(checksumKey(run.folder));
  }

  /** The bytes of the manifest in the run's folder, if there is one. */
  async #manifestOf(run: StoredRun): Promise<Uint8Array | undefined> {
    const { store } = this.#options;
    const { bucket } = run.rule.destination;
    if (run.folder === null || store.findBucket(bucket) === undefined) return undefined;
    const manifest = await store.read(bucket, manifestKey(run.folder));
    if (manifest === undefined) return undefined;
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of manifest.body) {
      bytes += chunk.length;
      // Somebody else's object under the same name: it names none of our files.
      if (bytes > MAX_MANIFEST_BYTES) return new Uint8Array();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  #destination(run: StoredRun): Destination {
    return tellingWhenGone(new BucketDestination(this.#options.store, run.rule.destination.bucket), run);
  }

  /** What keeps a run from being done, said before any work on it. */
  async #assertDoable(run: StoredRun): Promise<void> {
    const { store } = this.#options;
    const { encryption, bucket } = run.rule.destination;
    if (store.findBucket(run.bucket)?.id !== run.bucketId) {
      throw new DomainError('SourceGone', `The bucket "${run.bucket}" that the rule lists no longer exists.`);
    }
    if (store.findBucket(bucket) === undefined) throw destinationGone(run);
    if (encryption !== undefined) {
      throw new DomainError(
        'EncryptionNotServed',
        `The rule asks for ${encryption.method}, and this version can't encrypt yet. Nothing was delivered, rather than plaintext. Put the rule again without Encryption, or wait for a version that encrypts.`,
      );
    }
    await this.#assertRole(run);
  }

  async #assertRole(run: StoredRun): Promise<void> {
    const { roleArn } = run.rule.destination;
    if (await this.#options.roles.has(roleArn)) return;
    throw new DomainError(
      'RoleLost',
      `The role "${roleArn}" that the rule writes with no longer exists. Create it, then start the run again.`,
    );
  }
}

/** A destination that says in the run's words that its bucket was deleted. */
function tellingWhenGone(destination: Destination, run: StoredRun): Destination {
  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw hasCode(error, 'NoSuchBucket') ? destinationGone(run) : error;
    }
  };
  return {
    putFile: (key, file) => told(destination.putFile(key, file)),
    putNew: (key, bytes, contentType) => told(destination.putNew(key, bytes, contentType)),
    stat: (key) => told(destination.stat(key)),
    remove: (key) => told(destination.remove(key)),
  };
}

function destinationGone(run: StoredRun): DomainError {
  const { bucket } = run.rule.destination;
  return new DomainError(
    'DestinationGone',
    `The destination bucket "${bucket}" does not exist. Create it, then start the run again.`,
  );
}
