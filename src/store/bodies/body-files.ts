/**
 * Bodies over 32 KiB, one file each, named by content id. A body is written under `staging/`, synced, renamed to its
 * place and the folder synced, all before the index names it: an index entry never points at a file that a power loss
 * could take away.
 *
 * Content ids rise and each folder holds a span of them, so at start only the folders from the oldest upload that was
 * open have to be looked through for files that no index entry names.
 */

import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, opendir, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { reach } from '../../core/failpoint.ts';

/** How much of a file is read at once. */
export const READ_CHUNK_BYTES = 256 * 1024;

const IDS_PER_FOLDER = 4096;

/** The newest folders, which nearly every upload goes to, are known to be there; older ones are looked for again. */
const MAX_KNOWN_FOLDERS = 4;

/** An object may have ten thousand files, and whoever reads meanwhile waits behind those that are handed to the system. */
const MAX_UNLINKS_AT_ONCE = 64;

/** Which content ids of those asked for were dealt with, and what went wrong with the others. */
export interface Removal {
  readonly removed: readonly number[];
  readonly failures: readonly unknown[];
}

export class BodyFiles {
  readonly #bodies: string;
  readonly #staging: string;
  readonly #knownFolders = new Set<string>();

  private constructor(folder: string) {
    this.#bodies = bodiesFolder(folder);
    this.#staging = path.join(folder, 'staging');
  }

  /** Opens the folders, and empties `staging/`: what lies there was never acknowledged. */
  static async open(folder: string): Promise<BodyFiles> {
    const files = new BodyFiles(folder);
    await rm(files.#staging, { recursive: true, force: true });
    await mkdir(files.#staging, { recursive: true });
    await mkdir(files.#bodies, { recursive: true });
    await syncFolder(folder);
    return files;
  }

  /** The folders as they lie there: nothing is made and nothing emptied. */
  static at(folder: string): BodyFiles {
    return new BodyFiles(folder);
  }

  /** A file to write a body into that has no place yet. */
  async stage(contentId: number): Promise<StagedFile> {
    const file = path.join(this.#staging, fileName(contentId));
    reach('body.stage');
    return new StagedFile(file, await open(file, 'wx', 0o600));
  }

  /** Moves a finished, synced file to its place, and makes the move durable. */
  async publish(contentId: number, stagedPath: string): Promise<void> {
    const folder = this.#folderOf(contentId);
    if (!this.#knownFolders.has(folder)) {
      reach('body.place');
      await mkdir(folder, { recursive: true });
      await syncFolder(this.#bodies);
      this.#remember(folder);
    }
    reach('body.rename');
    await rename(stagedPath, this.pathOf(contentId));
    reach('body.sync-folder');
    await syncFolder(folder);
    reach('body.placed');
  }

  open(contentId: number): Promise<FileHandle> {
    return open(this.pathOf(contentId), 'r');
  }

  /** How many bytes the file of a body has; undefined when there is none. */
  async size(contentId: number): Promise<number | undefined> {
    const found = await stat(this.pathOf(contentId)).catch(ignoreMissing);
    return found?.isFile() === true ? found.size : undefined;
  }

  /** All that lies where bodies do, with the content id of each file that is named as one would be. */
  async *entries(): AsyncGenerator<{ readonly name: string; readonly contentId: number | undefined }> {
    for await (const folder of await opendir(this.#bodies)) {
      if (!folder.isDirectory()) {
        yield { name: folder.name, contentId: undefined };
        continue;
      }
      for await (const file of await opendir(path.join(this.#bodies, folder.name))) {
        const name = path.join(folder.name, file.name);
        yield { name, contentId: file.isFile() ? contentIdOf(name) : undefined };
      }
    }
  }

  /** Removes bodies and makes that durable. */
  async remove(contentIds: readonly number[]): Promise<Removal> {
    const unlinked = await this.unlink(contentIds);
    const synced = await this.syncRemoved(unlinked.removed);
    return { removed: synced.removed, failures: [...unlinked.failures, ...synced.failures] };
  }

  /** Removes bodies; a power loss may bring them back. One that is gone already is no failure. */
  async unlink(contentIds: readonly number[]): Promise<Removal> {
    const removed: number[] = [];
    const failures: unknown[] = [];
    for (let at = 0; at < contentIds.length; at += MAX_UNLINKS_AT_ONCE) {
      const ids = contentIds.slice(at, at + MAX_UNLINKS_AT_ONCE);
      const outcomes = await Promise.allSettled(ids.map((id) => this.#unlinkOne(id)));
      for (const [index, id] of ids.entries()) {
        const outcome = outcomes[index];
        if (outcome?.status === 'fulfilled') removed.push(id);
        else failures.push(outcome?.reason);
      }
    }
    return { removed, failures };
  }

  /** Makes the removal of bodies durable, with one sync for each folder. */
  async syncRemoved(contentIds: readonly number[]): Promise<Removal> {
    const removed: number[] = [];
    const failures: unknown[] = [];
    for (const [folder, ids] of this.#byFolder(contentIds)) {
      try {
        reach('removal.sync-folder');
        // Also when the files were gone before: a kill may have come between their unlink and this.
        await syncFolder(folder).catch(ignoreMissing);
        removed.push(...ids);
      } catch (error) {
        failures.push(error);
      }
    }
    return { removed, failures };
  }

  /** Removes a body that was not committed, from wherever it got to; throws when it is not sure to be gone. */
  async discard(contentId: number, stagedPath: string): Promise<void> {
    await unlink(stagedPath).catch(ignoreMissing);
    const { failures } = await this.remove([contentId]);
    if (failures.length > 0) throw failures[0];
  }

  /** The content ids from `oldest` on that have a file. */
  async idsFrom(oldest: number): Promise<number[]> {
    const first = folderName(oldest);
    const ids: number[] = [];
    for (const folder of await readdir(this.#bodies, { withFileTypes: true })) {
      if (!folder.isDirectory() || folder.name < first) continue;
      for (const name of await readdir(path.join(this.#bodies, folder.name))) {
        const id = contentIdOf(path.join(folder.name, name));
        if (id !== undefined && id >= oldest) ids.push(id);
      }
    }
    return ids;
  }

  /** Where the file of a body is, or would be. */
  pathOf(contentId: number): string {
    return path.join(this.#bodies, bodyName(contentId));
  }

  async #unlinkOne(contentId: number): Promise<void> {
    reach('removal.unlink');
    await unlink(this.pathOf(contentId)).catch(ignoreMissing);
  }

  #remember(folder: string): void {
    this.#knownFolders.add(folder);
    if (this.#knownFolders.size <= MAX_KNOWN_FOLDERS) return;
    // The names sort as the ids in them do.
    const [oldest] = [...this.#knownFolders].sort();
    if (oldest !== undefined) this.#knownFolders.delete(oldest);
  }

  #byFolder(contentIds: readonly number[]): Map<string, number[]> {
    return Map.groupBy(contentIds, (id) => this.#folderOf(id));
  }

  #folderOf(contentId: number): string {
    return path.join(this.#bodies, folderName(contentId));
  }
}

/** A body on its way in. */
export class StagedFile {
  readonly path: string;
  readonly #handle: FileHandle;
  #isOpen = true;

  constructor(file: string, handle: FileHandle) {
    this.path = file;
    this.#handle = handle;
  }

  async write(chunk: Uint8Array): Promise<void> {
    reach('body.write');
    let written = 0;
    while (written < chunk.length) {
      written += (await this.#handle.write(chunk, written, chunk.length - written)).bytesWritten;
    }
  }

  /** Returns when every byte is on disk. */
  async finish(): Promise<void> {
    reach('body.sync');
    await this.#handle.datasync();
    await this.#close();
  }

  async discard(): Promise<void> {
    await this.#close();
    await unlink(this.path).catch(ignoreMissing);
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#handle.close();
  }
}

/** Where body files lie in the folder of a store, once they are in place. */
export const bodiesFolder = (folder: string): string => path.join(folder, 'bodies');

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
  return undefined;
}

const folderName = (contentId: number): string =>
  Math.floor(contentId / IDS_PER_FOLDER)
    .toString(16)
    .padStart(11, '0');
const fileName = (contentId: number): string => contentId.toString(16).padStart(14, '0');
const bodyName = (contentId: number): string => path.join(folderName(contentId), fileName(contentId));

/** The content id whose body has this name; of no other name does the store take notice. */
function contentIdOf(name: string): number | undefined {
  const id = Number.parseInt(path.basename(name), 16);
  return Number.isSafeInteger(id) && name === bodyName(id) ? id : undefined;
}
