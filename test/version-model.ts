/** The versions of one bucket in memory, as plainly as the table of docs/spec/oss-protocol.md, section 5.10, has them:
 *  what the store is held against. */

import type { Versioning } from '../src/core/bucket.ts';
import type { ObjectAcl, StorageClass } from '../src/core/record.ts';
import type { Tag } from '../src/core/stored-object.ts';

export interface ModelVersion {
  /** As the wire shows it. */
  readonly versionId: string;
  readonly isDeleteMarker: boolean;
  readonly bytes: Uint8Array;
  readonly storageClass: StorageClass;
  readonly acl: ObjectAcl;
  readonly tags: readonly Tag[];
}

/** One line of a listing: a version, an object, or a common prefix. */
export interface ModelEntry {
  readonly name: string;
  readonly versionId?: string;
}

export class VersionModel {
  versioning: Versioning | undefined;
  /** Of each key the versions, newest first; a key without any is not there. */
  readonly keys = new Map<string, readonly ModelVersion[]>();

  versions(key: string): readonly ModelVersion[] {
    return this.keys.get(key) ?? [];
  }

  /** A version came, with the id that the store gave it. */
  add(key: string, version: ModelVersion): void {
    const older = this.versions(key);
    const kept = this.versioning === 'Enabled' ? older : older.filter(({ versionId }) => versionId !== 'null');
    this.keys.set(key, [version, ...kept]);
  }

  /** A delete without a version. */
  remove(key: string, markerId: string | undefined): void {
    if (this.versioning === undefined) this.keys.delete(key);
    else this.add(key, { ...MARKER, versionId: markerId ?? 'none was given' });
  }

  removeVersion(key: string, versionId: string): void {
    const left = this.versions(key).filter((version) => version.versionId !== versionId);
    if (left.length === 0) this.keys.delete(key);
    else this.keys.set(key, left);
  }

  change(key: string, versionId: string, change: Partial<Pick<ModelVersion, 'acl' | 'tags'>>): void {
    const changed = this.versions(key).map((each) => (each.versionId === versionId ? { ...each, ...change } : each));
    this.keys.set(key, changed);
  }

  /** The objects that a listing shows without versions. */
  listObjects(prefix: string, delimiter: string): ModelEntry[] {
    const seen = this.#sorted().filter(([, [latest]]) => latest !== undefined && !latest.isDeleteMarker);
    return rolledUp(
      seen.map(([name]) => ({ name })),
      prefix,
      delimiter,
    );
  }

  listVersions(prefix: string, delimiter: string): ModelEntry[] {
    const all = this.#sorted().flatMap(([name, versions]) => versions.map(({ versionId }) => ({ name, versionId })));
    return rolledUp(all, prefix, delimiter);
  }

  totals() {
    const all = [...this.keys.values()].flat();
    const objects = all.filter(({ isDeleteMarker }) => !isDeleteMarker);
    const sumOf = (versions: readonly ModelVersion[]) => ({
      objects: versions.length,
      bytes: versions.reduce((sum, { bytes }) => sum + bytes.length, 0),
    });
    const byClass = Object.entries(Object.groupBy(objects, ({ storageClass }) => storageClass));
    return {
      ...sumOf(objects),
      deleteMarkers: all.length - objects.length,
      classes: Object.fromEntries(byClass.map(([name, versions = []]) => [name, sumOf(versions)])),
    };
  }

  #sorted(): [string, readonly ModelVersion[]][] {
    return [...this.keys].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }
}

const MARKER = {
  isDeleteMarker: true,
  bytes: new Uint8Array(),
  storageClass: 'Standard',
  acl: 'default',
  tags: [],
} as const;

/** What lies behind a delimiter becomes its common prefix, once. */
function rolledUp(entries: readonly ModelEntry[], prefix: string, delimiter: string): ModelEntry[] {
  const shown: ModelEntry[] = [];
  for (const entry of entries.filter(({ name }) => name.startsWith(prefix))) {
    const at = delimiter === '' ? -1 : entry.name.indexOf(delimiter, prefix.length);
    const name = entry.name.slice(0, at + delimiter.length);
    if (at < 0) shown.push(entry);
    else if (shown.at(-1)?.name !== name) shown.push({ name });
  }
  return shown;
}
