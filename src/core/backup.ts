/** Backups of a data folder, as the server and the command line speak of them to each other. */

export type BackupState = 'running' | 'done' | 'failed';

/** A backup that this server made or is making. */
export interface BackupView {
  /** On the server's machine. */
  readonly folder: string;
  readonly state: BackupState;
  /** The instant whose state the backup holds; null until it is known. */
  readonly pointInTime: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Rows of the index and body files, so far. */
  readonly rows: number;
  readonly files: number;
  /** Where the key file is, which no backup holds. */
  readonly keyFile: string;
  /** Why it failed; else null. */
  readonly reason: string | null;
}

export interface NewBackup {
  /** An absolute path that is not taken, below a folder that is there. */
  readonly folder: string;
  /** Give body files a second name instead of copying them. */
  readonly isLinked: boolean;
  /** The data folder that is meant, when the caller knows it; another one's server refuses. */
  readonly data?: string | undefined;
}
