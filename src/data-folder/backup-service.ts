/** Backups that a running server makes of its own data folder: one at a time, and the last one is remembered. */

import { realpath } from 'node:fs/promises';
import type { BackupView, NewBackup } from '../core/backup.ts';
import { DomainError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import { type BackupSource, backUpData, makeBackupFolder } from './data-backup.ts';

export interface BackupServiceOptions {
  readonly source: BackupSource;
  /** Where the key file is, for those who have to keep it themselves. */
  readonly keyFile: string;
  /** Told why a backup failed. */
  readonly onFailure: (error: unknown, backup: BackupView) => void;
}

export class BackupService {
  readonly #options: BackupServiceOptions;
  readonly #stop = new AbortController();
  #isBusy = false;
  #last: BackupView | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: BackupServiceOptions) {
    this.#options = options;
  }

  /** Begins a backup, once its folder is made. Throws `InvalidArgument` or `BackupUnderWay`. */
  async start({ folder, isLinked, data }: NewBackup): Promise<BackupView> {
    const { source, keyFile } = this.#options;
    this.#stop.signal.throwIfAborted();
    if (this.#isBusy) throw new DomainError('BackupUnderWay', `A backup is under way already. Wait until it is done.`);
    this.#isBusy = true;
    try {
      if (data !== undefined) await assertSameFolder(data, source.data);
      await makeBackupFolder(folder, source.data);
    } catch (error) {
      this.#isBusy = false;
      throw error;
    }
    const begun: BackupView = {
      folder,
      state: 'running',
      pointInTime: null,
      startedAt: this.#now(),
      finishedAt: null,
      rows: 0,
      files: 0,
      keyFile,
      reason: null,
    };
    this.#last = begun;
    this.#running = this.#run(folder, isLinked);
    return begun;
  }

  last(): BackupView {
    if (this.#last !== undefined) return this.#last;
    throw new DomainError('NoSuchBackup', 'No backup was begun since the server started.');
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the server was stopped'));
    await this.#running;
  }

  async #run(folder: string, isLinked: boolean): Promise<void> {
    try {
      await backUpData(this.#options.source, folder, {
        isLinked,
        signal: this.#stop.signal,
        onInstant: (pointInTime) => this.#change({ pointInTime }),
        onProgress: ({ rows, files }) => this.#change({ rows, files }),
      });
      this.#change({ state: 'done', finishedAt: this.#now() });
    } catch (error) {
      this.#change({ state: 'failed', finishedAt: this.#now(), reason: (error as Error).message });
      this.#options.onFailure(error, this.last());
    } finally {
      this.#isBusy = false;
    }
  }

  #change(change: Partial<BackupView>): void {
    this.#last = { ...this.last(), ...change };
  }

  #now(): string {
    return new Date(this.#options.source.now()).toISOString();
  }
}

async function assertSameFolder(meant: string, own: string): Promise<void> {
  const found = await realpath(meant).catch(() => undefined);
  if (found === (await realpath(own))) return;
  throw new DomainError(
    'InvalidArgument',
    `The data folder "${printable(meant, 200)}" is not the one of this server. Name the server of that folder with --endpoint.`,
  );
}
