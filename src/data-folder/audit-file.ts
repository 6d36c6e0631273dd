/**
 * A file of lines that is only ever appended to. It is written at once and as a whole, because a line is of no use in the
 * memory of a process that was killed, or that nobody can write any more: so no stream, and nothing kept for later.
 * When it is full it becomes `.1`, that one `.2`, and so on; when somebody else moves it away, a new one is begun.
 */

import assert from 'node:assert/strict';
import {
  accessSync,
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { reach } from '../core/failpoint.ts';
import { syncFolderNow } from './durable-file.ts';

export interface AuditFileOptions {
  readonly file: string;
  /** From so many bytes on another file is begun. */
  readonly maxBytes: number;
  /** So many full files are kept beside it. */
  readonly keptFiles: number;
}

/** A pipe without a reader must not hold up the start, and is then refused for what it is. */
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

export class AuditFile {
  readonly #options: AuditFileOptions;
  #fd: number;
  #isClosed = false;
  #bytes = 0;
  /** The last line has no end: a process or a disk gave up on it. */
  #isTorn = false;

  /** Opens the file, or makes it for the owner of the process alone. */
  constructor(options: AuditFileOptions) {
    this.#options = options;
    // Whoever can't rename beside it finds that out now, and not when the file is full.
    accessSync(path.dirname(options.file), constants.W_OK);
    this.#fd = this.#open();
  }

  /** Throws what the disk says; what it took of the line ends before the next one begins. */
  append(line: string, { isSynced }: { readonly isSynced: boolean }): void {
    assert(!this.#isClosed, 'the audit log is closed');
    reach('audit.write');
    this.#follow();
    const bytes = Buffer.from(`${line}\n`);
    if (this.#bytes > 0 && this.#bytes + bytes.length > this.#options.maxBytes) this.#rotate();
    if (this.#isTorn) this.#write(Buffer.from('\n'));
    this.#write(bytes);
    if (!isSynced) return;
    reach('audit.sync');
    fdatasyncSync(this.#fd);
  }

  close(): void {
    if (!this.#isClosed) closeSync(this.#fd);
    this.#isClosed = true;
  }

  #write(bytes: Buffer): void {
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#fd, bytes, written);
    } finally {
      this.#bytes += written;
      if (written > 0) this.#isTorn = written < bytes.length;
    }
  }

  /** Goes on with the file of that name, whatever became of the one that had it before. */
  #follow(): void {
    const named = statSync(this.#options.file, { throwIfNoEntry: false });
    const own = fstatSync(this.#fd);
    if (named?.ino !== own.ino || named.dev !== own.dev) this.#reopen();
    else this.#bytes = own.size;
  }

  #rotate(): void {
    const { file, keptFiles } = this.#options;
    let free = 1;
    // A process that was killed in here left a gap, and nothing beyond that has to move.
    while (free < keptFiles && statSync(`${file}.${free}`, { throwIfNoEntry: false }) !== undefined) free++;
    for (let to = free; to > 1; to--) renameSync(`${file}.${to - 1}`, `${file}.${to}`);
    renameSync(file, `${file}.1`);
    this.#reopen();
  }

  #reopen(): void {
    const before = this.#fd;
    this.#fd = this.#open();
    closeSync(before);
  }

  #open(): number {
    const { file } = this.#options;
    const fd = openSync(file, FLAGS, 0o600);
    try {
      const status = fstatSync(fd);
      if (!status.isFile()) throw new Error(`"${file}" is no regular file`);
      this.#bytes = status.size;
      this.#isTorn = status.size > 0 && lastByte(fd, status.size) !== LINE_FEED;
      if (status.size === 0) syncFolderNow(path.dirname(file));
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }
}

const LINE_FEED = 0x0a;

function lastByte(fd: number, size: number): number | undefined {
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, size - 1);
  return byte[0];
}
