/** Random histories of a bucket: what may happen to it, done by the unmodified ali-oss and kept in a model. */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import type { Versioning } from '../../src/core/bucket.ts';
import {
  type Encryption,
  OBJECT_ACLS,
  OBJECT_TYPES,
  type ObjectAcl,
  type ObjectType,
  STORAGE_CLASSES,
  type StorageClass,
} from '../../src/core/record.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { bytesOf, photos, put } from '../store-fixture.ts';
import type { AliOss } from './ali-oss-client.ts';
import type { HistoryModel, ModelVersion } from './history-model.ts';

/** A key that is there for objects to be encrypted under. */
export const OUR_KEY = 'our-key';
const PART_BYTES = 100 * 1024;

/** Few, so that histories meet themselves; two of them sort the other way round in UTF-16. */
const KEYS = ['a', 'a/b', 'b c+d&"e"', 'b\uFFFD', 'b😀', '封/面%41'];
const key = fc.constantFrom(...KEYS);

/** What is wanted of a new object beside its bytes. */
interface Wish {
  readonly storageClass?: StorageClass | undefined;
  readonly acl?: ObjectAcl | undefined;
  readonly tagCount: number;
  readonly encryption?: 'AES256' | 'KMS' | undefined;
}

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });
const encryption = fc.constantFrom('AES256', 'KMS');
const wish: fc.Arbitrary<Wish> = fc.record({
  storageClass: optional(fc.constantFrom(...STORAGE_CLASSES)),
  acl: optional(fc.constantFrom(...OBJECT_ACLS)),
  tagCount: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(10) }),
  encryption: optional(encryption),
});

/** Versions are picked by a number, counted round from the newest: which there are shows only when it is done. */
type Action =
  | { readonly kind: 'versioning'; readonly status: Versioning }
  | { readonly kind: 'encryption'; readonly algorithm: 'AES256' | 'KMS' | undefined }
  | { readonly kind: 'put'; readonly key: string; readonly length: number; readonly wish: Wish }
  | { readonly kind: 'multipart'; readonly key: string; readonly lastLength: number; readonly wish: Wish }
  | { readonly kind: 'copy'; readonly key: string; readonly from: string; readonly pick: number; readonly wish: Wish }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'delete version'; readonly key: string; readonly pick: number }
  | { readonly kind: 'tag'; readonly key: string; readonly pick: number; readonly count: number }
  | { readonly kind: 'acl'; readonly key: string; readonly pick: number; readonly acl: ObjectAcl };

const kind = <K extends Action['kind']>(name: K) => fc.constant(name);
const pick = fc.nat(4);
const length = fc.oneof(fc.nat(100), fc.constantFrom(0, 32 * 1024, 32 * 1024 + 1));

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: kind('versioning'), status: fc.constantFrom('Enabled', 'Suspended') }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('encryption'), algorithm: optional(encryption) }) },
  { weight: 8, arbitrary: fc.record({ kind: kind('put'), key, length, wish }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: kind('multipart'), key, lastLength: fc.integer({ min: 1, max: 100 }), wish }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind('copy'), key, from: key, pick, wish }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('delete'), key }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('delete version'), key, pick }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('tag'), key, pick, count: fc.nat(10) }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('acl'), key, pick, acl: fc.constantFrom(...OBJECT_ACLS) }) },
);

/** What only the store can make, and so was there before the server came: other types, and moves to colder classes. */
interface EarlyObject {
  readonly key: string;
  readonly length: number;
  readonly type: ObjectType;
  readonly storageClass: StorageClass;
  readonly transitionMs: number | undefined;
}

const earlyObject: fc.Arbitrary<EarlyObject> = fc.record({
  key,
  length: fc.nat(100),
  type: fc.constantFrom(...OBJECT_TYPES.filter((type) => type !== 'Multipart')),
  storageClass: fc.constantFrom(...STORAGE_CLASSES),
  transitionMs: optional(fc.nat().map((seconds) => seconds * 1000)),
});

export interface History {
  readonly isVersionedFromTheStart: boolean;
  readonly early: readonly EarlyObject[];
  readonly actions: readonly Action[];
}

export const history: fc.Arbitrary<History> = fc.record({
  isVersionedFromTheStart: fc.boolean(),
  early: fc.array(earlyObject, { maxLength: 8 }),
  actions: fc.array(action, { minLength: 1, maxLength: 60, size: 'max' }),
});

/** Does to the store itself, into an empty bucket, what belongs before the server's start. */
export async function prepare(store: ObjectStore, model: HistoryModel, { isVersionedFromTheStart, early }: History) {
  if (isVersionedFromTheStart) {
    await store.changeBucket(photos.name, { versioning: 'Enabled' });
    model.versioning = 'Enabled';
  }
  for (const { key, length, type, storageClass, transitionMs } of early) {
    const content = bytesOf(length, length);
    const more = { objectType: type, storageClass, ...(transitionMs !== undefined && { transitionMs }) };
    const { record } = await put(store, key, content, more);
    const { acl, encryption, tagCount, versionId } = record;
    const version = { content, type, storageClass, transitionMs, acl, encryption, tagCount };
    model.add(key, versionId === '' ? undefined : versionId, version);
  }
}

export interface Stage {
  readonly client: AliOss;
  readonly model: HistoryModel;
  /** A folder for files to be uploaded from. */
  readonly folder: string;
}

/** Does one thing to the bucket and to the model of it; nothing when it picks a version that isn't there. */
export async function perform(stage: Stage, action: Action): Promise<void> {
  const { client, model } = stage;
  switch (action.kind) {
    case 'versioning':
      await client.putBucketVersioning(photos.name, action.status);
      model.versioning = action.status;
      return;
    case 'encryption':
      if (action.algorithm === undefined) await client.deleteBucketEncryption(photos.name);
      else await client.putBucketEncryption(photos.name, { SSEAlgorithm: action.algorithm });
      model.encryption = action.algorithm ?? 'none';
      return;
    case 'put': {
      const content = bytesOf(action.length, action.length + 1);
      const { res } = await client.put(action.key, content, { headers: headersOf(action.wish) });
      return model.add(action.key, res.headers['x-oss-version-id'], { content, ...granted(model, action.wish) });
    }
    case 'multipart':
      return await upload(stage, action);
    case 'copy':
      return await copy(stage, action);
    case 'delete': {
      const { res } = await client.delete(action.key);
      return model.delete(action.key, res.headers['x-oss-version-id']);
    }
    case 'delete version': {
      const version = pickOf(model.versionsOf(action.key), action.pick);
      // A bucket without versioning takes the id of the null version too.
      if (version === undefined) return;
      await client.delete(action.key, { versionId: version.versionId });
      return model.deleteVersion(action.key, version.versionId);
    }
    case 'tag': {
      const version = contentOf(model, action);
      if (version === undefined) return;
      await client.putObjectTagging(action.key, tagsOf(action.count), { versionId: version.versionId });
      version.tagCount = action.count;
      return;
    }
    case 'acl': {
      const version = contentOf(model, action);
      if (version === undefined) return;
      await client.putACL(action.key, action.acl, { versionId: version.versionId });
      version.acl = action.acl;
    }
  }
}

async function upload({ client, model, folder }: Stage, { key, lastLength, wish }: Action & { kind: 'multipart' }) {
  const partLengths = [PART_BYTES, lastLength];
  const content = bytesOf(PART_BYTES + lastLength, lastLength + 1);
  const file = path.join(folder, 'parts');
  writeFileSync(file, content);
  const { uploadId } = await client.initMultipartUpload(key, { headers: headersOf(wish) });
  const object = granted(model, wish);
  const parts: { number: number; etag: string }[] = [];
  for (const [start, end] of [
    [0, PART_BYTES],
    [PART_BYTES, content.length],
  ] as const) {
    const number = parts.length + 1;
    parts.push({ number, etag: (await client.uploadPart(key, uploadId, number, file, start, end)).etag });
  }
  const { res } = await client.completeMultipartUpload(key, uploadId, parts);
  model.add(key, res.headers['x-oss-version-id'], { ...object, content, partLengths, type: 'Multipart' });
}

/** A copy takes bytes and tags along, and nothing else. */
async function copy({ client, model }: Stage, { key, from, pick, wish }: Action & { kind: 'copy' }) {
  const source = contentOf(model, { key: from, pick });
  if (source === undefined) return;
  const { tagCount: _, ...own } = wish;
  const options = { versionId: source.versionId, headers: headersOf({ ...own, tagCount: 0 }) };
  const { res } = await client.copy(key, from, options);
  const { content, tagCount } = source;
  model.add(key, res.headers['x-oss-version-id'], { ...granted(model, wish), content, tagCount });
}

function headersOf({ storageClass, acl, tagCount, encryption }: Wish): Record<string, string> {
  return {
    ...(storageClass && { 'x-oss-storage-class': storageClass }),
    ...(acl && { 'x-oss-object-acl': acl }),
    ...(tagCount > 0 && { 'x-oss-tagging': new URLSearchParams(tagsOf(tagCount)).toString() }),
    ...(encryption && { 'x-oss-server-side-encryption': encryption }),
    ...(encryption === 'KMS' && { 'x-oss-server-side-encryption-key-id': OUR_KEY }),
  };
}

function granted(model: HistoryModel, { storageClass, acl, tagCount, encryption }: Wish) {
  const wanted: Encryption = encryption ?? model.encryption;
  return {
    type: 'Normal',
    storageClass: storageClass ?? 'Standard',
    acl: acl ?? 'default',
    tagCount,
    encryption: wanted,
  } as const;
}

function tagsOf(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`tag${n}`, `${n}`]));
}

function pickOf<T>(items: readonly T[], pick: number): T | undefined {
  return items.length === 0 ? undefined : items[pick % items.length];
}

function contentOf(model: HistoryModel, { key, pick }: { key: string; pick: number }): ModelVersion | undefined {
  return pickOf(
    model.versionsOf(key).filter(({ isMarker }) => !isMarker),
    pick,
  );
}
