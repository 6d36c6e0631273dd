/** What the engine wants of a destination: a bucket into which whole files go. */

export interface Destination {
  /** Would a file that is put now be encrypted? Then it must not lie in the clear on its way either. */
  encrypts(): boolean;
  /** Stores a finished local file and takes it over. Resolves when it is durable. */
  putFile(key: string, file: LocalFile): Promise<void>;
  /** Stores `bytes` under a key that is not taken; returns false, and stores nothing, when it is. */
  putNew(key: string, bytes: Uint8Array, contentType: string): Promise<boolean>;
  /** Stores `bytes` in place of what is `current`, at once; returns false, and stores nothing, when something else is there. */
  replace(key: string, bytes: Uint8Array, contentType: string, current: FileFacts): Promise<boolean>;
  /** The object under `key`; undefined when there is nothing. Of more than `maxBytes` the bytes are left out. */
  read(key: string, maxBytes: number): Promise<StoredFile | undefined>;
  /** What is stored under `key`, by its bytes; undefined when there is nothing. */
  stat(key: string): Promise<FileFacts | undefined>;
  /** Removes an object; one that is not there is no error. */
  remove(key: string): Promise<void>;
}

export interface FileFacts {
  readonly sizeBytes: number;
  /** 32 upper-case hex digits. */
  readonly md5: string;
}

export interface StoredFile extends FileFacts {
  readonly bytes?: Uint8Array;
}

export interface LocalFile extends FileFacts {
  readonly path: string;
  readonly contentType: string;
  /** Reads the file's content, which lies scrambled under `path`; absent when it lies there as it is. */
  readonly read?: () => AsyncIterable<Uint8Array>;
  /** Aborted when the file is no longer wanted: putting it fails then, and nothing is stored. */
  readonly signal?: AbortSignal;
}
