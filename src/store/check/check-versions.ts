/** Checks the records of versions: each by itself, and the versions of a key against each other. */

import { isUtf8 } from 'node:buffer';
import { type ObjectRecord, unpackRecord } from '../../core/record.ts';
import { shownVersionId } from '../../core/stored-object.ts';
import { splitVersionIndexKey, versionIndexKeyOf, versionIndexRangeOf } from '../index-database.ts';
import { readVersionId } from '../version-ids.ts';
import { checkContent } from './check-content.ts';
import type { CheckContext } from './check-context.ts';
import type { FindingPlace } from './finding.ts';

export async function checkLatest(check: CheckContext): Promise<void> {
  const { snapshot } = check;
  for (const { key: objectKey, value } of snapshot.range(snapshot.db.objects)) {
    await check.step();
    const version = await readVersion(check, objectKey, value);
    if (version === undefined) continue;
    const { place, record } = version;
    if (!record.isDeleteMarker) check.counts.objects++;
    if (!record.isLatest) {
      check.report('latest-flag-wrong', place, 'is the latest of its key, and its record says that it is not');
    }
    if (record.hasNoncurrent && !hasOlder(check, objectKey)) {
      check.report('noncurrent-flag-wrong', place, 'says that older versions are kept, and there is none');
    }
  }
}

/** The versions of a key lie together, newest first. */
export async function checkNoncurrent(check: CheckContext): Promise<void> {
  const { snapshot } = check;
  let group: Group | undefined;
  for (const { key: indexKey, value } of snapshot.range(snapshot.db.versions)) {
    await check.step();
    const { objectKey, sequence } = splitVersionIndexKey(indexKey);
    if (group === undefined || !group.objectKey.equals(objectKey)) group = openGroup(check, objectKey);
    const version = await readVersion(check, objectKey, value);
    if (version !== undefined) checkWithin(check, group, { ...version, placedAt: sequence });
  }
}

/** Where the null version of a key is said to be, there it has to be. */
export async function checkNullVersions(check: CheckContext): Promise<void> {
  const { snapshot } = check;
  for (const { key: objectKey, value: sequence } of snapshot.range(snapshot.db.nulls)) {
    await check.step();
    const packed = isGiven(check, sequence)
      ? snapshot.get(snapshot.db.versions, versionIndexKeyOf(objectKey, sequence))
      : undefined;
    if (packed !== undefined && tryUnpack(packed)?.versionId === '') continue;
    check.report(
      'null-version-wrong',
      check.placeOf(objectKey),
      `has its null version under number ${sequence}, it is said, and there is none`,
    );
  }
}

interface Version {
  readonly place: FindingPlace;
  readonly record: ObjectRecord;
}

/** The record of a version, checked as far as it can be by itself. */
async function readVersion(
  check: CheckContext,
  objectKey: Uint8Array,
  packed: Uint8Array,
): Promise<Version | undefined> {
  check.counts.versions++;
  const bucket = check.bucketOf(objectKey);
  const keyPlace = check.placeOf(objectKey);
  if (bucket === undefined) check.report('bucket-missing', keyPlace, 'belongs to a bucket that does not exist');
  if (!isUtf8(check.keyOf(objectKey))) check.report('key-invalid', keyPlace, 'has a key that is no UTF-8');
  let record: ObjectRecord;
  try {
    record = unpackRecord(packed);
  } catch (error) {
    check.report('record-unreadable', keyPlace, `has a record that can't be read: ${(error as Error).message}`);
    return undefined;
  }
  const place = { ...keyPlace, versionId: shownVersionId(record) };
  checkNumber(check, place, record);
  if (bucket !== undefined) check.recount.countVersion(bucket, record, 1, 0);
  await checkContent(check, place, record);
  return { place, record };
}

/** The number that orders versions, and the id that holds it. */
function checkNumber(check: CheckContext, place: FindingPlace, { sequence, versionId }: ObjectRecord): void {
  if (!isGiven(check, sequence)) {
    check.report(
      'sequence-wrong',
      place,
      `has the number ${sequence}, and the next to be given is ${check.nextSequence}`,
    );
  }
  if (versionId !== '' && numberIn(versionId) !== sequence) {
    check.report('version-id-wrong', place, `has an id that is none of the version number ${sequence}`);
  }
}

/** Whether any version can have this number. */
function isGiven({ nextSequence }: CheckContext, sequence: number): boolean {
  return Number.isSafeInteger(sequence) && sequence >= 1 && sequence < nextSequence;
}

function numberIn(versionId: string): number | undefined {
  try {
    const named = readVersionId(versionId);
    return named.kind === 'id' ? named.sequence : undefined;
  } catch {
    return undefined; // Its way of saying that this is no id.
  }
}

/** The versions of one key behind its latest, on the way through them. */
interface Group {
  readonly objectKey: Buffer;
  readonly latest: ObjectRecord | undefined;
  hasNullVersion: boolean;
}

function openGroup(check: CheckContext, objectKey: Buffer): Group {
  const place = check.placeOf(objectKey);
  const packed = check.snapshot.get(check.snapshot.db.objects, objectKey);
  const latest = packed === undefined ? undefined : tryUnpack(packed);
  if (packed === undefined) check.report('latest-missing', place, 'has older versions, and no latest one');
  if (latest?.hasNoncurrent === false) {
    check.report('noncurrent-flag-wrong', place, 'says that no older versions are kept, and there are some');
  }
  return { objectKey, latest, hasNullVersion: latest?.versionId === '' };
}

/** Checks a version against the others of its key. `placedAt` is the number under which it lies. */
function checkWithin(check: CheckContext, group: Group, version: Version & { readonly placedAt: number }): void {
  const { place, record, placedAt } = version;
  if (record.isLatest) check.report('latest-flag-wrong', place, 'is an older version, and says that it is the latest');
  if (record.hasNoncurrent) {
    check.report('noncurrent-flag-wrong', place, 'is an older version, and says of itself what only the latest may');
  }
  if (placedAt !== record.sequence) {
    check.report('sequence-wrong', place, `has the number ${record.sequence}, and lies under number ${placedAt}`);
  }
  if (group.latest !== undefined && record.sequence >= group.latest.sequence) {
    check.report('sequence-wrong', place, `has the number ${record.sequence}, and the latest of its key a lower one`);
  }
  if (record.versionId !== '') return;
  if (group.hasNullVersion) check.report('null-version-wrong', place, 'is one null version too many of its key');
  group.hasNullVersion = true;
  if (check.snapshot.get(check.snapshot.db.nulls, group.objectKey) !== placedAt) {
    check.report('null-version-wrong', place, `lies under number ${placedAt}, and is not found there by its name`);
  }
}

function hasOlder({ snapshot }: CheckContext, objectKey: Uint8Array): boolean {
  for (const _ of snapshot.keys(snapshot.db.versions, { ...versionIndexRangeOf(objectKey), limit: 1 })) return true;
  return false;
}

/** A record that is reported elsewhere when it can't be read. */
function tryUnpack(packed: Uint8Array): ObjectRecord | undefined {
  try {
    return unpackRecord(packed);
  } catch {
    return undefined;
  }
}
