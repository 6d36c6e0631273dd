/** Deletes of objects and versions (protocol sheet, section 5.5), many at once, in commits of bounded length. */

import { objectKeyBytes } from '../core/object-key.ts';
import type { ObjectRecord } from '../core/record.ts';
import type { Deleted, ObjectAddress } from '../core/stored-object.ts';
import type { FileRemoval } from './bodies/file-removal.ts';
import type { BucketTable } from './bucket-table.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { StoredBucket } from './index-database.ts';
import type { Changed, ObjectTable } from './object-table.ts';
import { type NamedVersion, readVersionId } from './version-ids.ts';

/**
 * The files that one commit of a delete lets go of, but for those of its last object: a thousand objects may have ten
 * thousand parts each, and the event loop stands still while a transaction is written.
 */
const MAX_FILES_PER_DELETE = 2048;

export interface DeletesParts {
  readonly buckets: BucketTable;
  readonly objects: ObjectTable;
  readonly queue: CommitQueue;
  readonly removal: FileRemoval;
}

/** An object to be removed, or the version of it that was named. */
interface NamedObject {
  readonly key: Uint8Array;
  readonly versionId: string | undefined;
  readonly version: NamedVersion | undefined;
}

export class Deletes {
  readonly #parts: DeletesParts;

  constructor(parts: DeletesParts) {
    this.#parts = parts;
  }

  /** Removes the objects, and says of each what that did. They go in one commit, unless they have very many files. */
  async deleteMany(bucket: string, objects: readonly Omit<ObjectAddress, 'bucket'>[]): Promise<readonly Deleted[]> {
    const { buckets, queue, removal } = this.#parts;
    const { number } = buckets.get(bucket);
    const named = objects.map(nameObject);
    const deleted: Deleted[] = [];
    while (deleted.length < named.length) {
      const rest = named.slice(deleted.length);
      const changes = await queue.commit(() => this.#removeSome(buckets.getSame(bucket, number), rest), rest.length);
      await removal.remove(changes.flatMap(({ orphans }) => orphans));
      for (const { value } of changes) deleted.push(value);
    }
    return deleted;
  }

  /** Removes an object as `deleteMany` does, if what is there is what is meant; false, and nothing is removed, when not. */
  async deleteIf(bucket: string, key: string, isMeant: (latest: ObjectRecord) => boolean): Promise<boolean> {
    const { buckets, objects, queue, removal } = this.#parts;
    const { number } = buckets.get(bucket);
    const bytes = objectKeyBytes(key);
    const { value, orphans } = await queue.commit(() => {
      const same = buckets.getSame(bucket, number);
      const latest = objects.latest(same, bytes);
      if (latest === undefined || latest.isDeleteMarker) return { value: true, orphans: [] };
      if (!isMeant(latest)) return { value: false, orphans: [] };
      return { value: true, orphans: objects.remove(same, bytes).orphans };
    });
    await removal.remove(orphans);
    return value;
  }

  /** In a commit: removes the first of the objects, until so many files are let go of that the rest had better wait. */
  #removeSome(bucket: StoredBucket, named: readonly NamedObject[]): Changed<Deleted>[] {
    const { objects } = this.#parts;
    const changes: Changed<Deleted>[] = [];
    let files = 0;
    for (const { key, versionId, version } of named) {
      if (files >= MAX_FILES_PER_DELETE) break;
      const change =
        version === undefined
          ? objects.remove(bucket, key)
          : withVersionId(objects.removeVersion(bucket, key, version), versionId);
      files += change.orphans.length;
      changes.push(change);
    }
    return changes;
  }
}

/** Reads what is to go before anything goes: a key or an id that can't be refuses all of them. */
function nameObject({ key, versionId }: Omit<ObjectAddress, 'bucket'>): NamedObject {
  return {
    key: objectKeyBytes(key),
    versionId,
    version: versionId === undefined ? undefined : readVersionId(versionId),
  };
}

/** Who named a version is told its name, be it there or not. */
function withVersionId({ value, orphans }: Changed<Deleted>, versionId: string | undefined): Changed<Deleted> {
  return { value: versionId === undefined ? value : { ...value, versionId }, orphans };
}
