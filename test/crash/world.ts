/**
 * What outlives the kills of a suite: the data folder, what the server has promised about what is in it, and the
 * broken promises found so far.
 */

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Failpoint } from '../../src/core/failpoint.ts';
import { makeImportFolder } from './import-folder.ts';
import { ENCRYPTED, LOAD_PREFIX, RULES, SOURCE } from './names.ts';
import type { ObjectFacts } from './object-facts.ts';
import { Promised } from './promises.ts';
import type { Random } from './random.ts';
import { seedData } from './seed.ts';

const SOURCE_KEYS = 160;
const ENCRYPTED_KEYS = 40;
const VERSIONED_KEYS = 24;
const PASSING_BUCKETS = 4;
const USERS = 6;
const POLICIES = 3;

/** A key of a bucket without versioning. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
  readonly promised: Promised<ObjectFacts>;
}

export type VersionFacts = ObjectFacts | 'delete marker';

/** A key of the bucket with versioning. Its state is its versions, newest first. */
export interface VersionedPlace {
  readonly key: string;
  readonly promised: Promised<readonly VersionFacts[]>;
  /** The ids of the versions, as long as the state is certain. */
  ids: readonly string[];
}

export interface PartFacts {
  readonly etag: string;
  readonly sizeBytes: number;
}

/** The state of an upload is its parts by number. */
export type UploadFacts = Readonly<Record<number, PartFacts>>;

export interface UploadPlace {
  readonly uploadId: string;
  readonly target: ObjectPlace;
  readonly generation: string;
  readonly promised: Promised<UploadFacts>;
}

/** An upload that was being completed when the server was killed: it is over if and only if the object is there. */
export interface Completion {
  readonly upload: UploadPlace;
  readonly facts: ObjectFacts;
}

export interface UserFacts {
  readonly generation: string;
  /** How many access keys it has. */
  readonly keys: number;
  readonly policies: readonly string[];
}

export interface UserPlace {
  readonly name: string;
  readonly promised: Promised<UserFacts>;
  /** By access key id, those that were shown. */
  readonly secrets: Map<string, string>;
}

export interface World {
  readonly random: Random;
  readonly folder: string;
  readonly data: string;
  /** Objects that nobody changes, so that a scan takes its time. */
  readonly baseObjects: number;
  readonly objects: Map<string, ObjectPlace>;
  readonly versioned: readonly VersionedPlace[];
  /** Uploads whose begin was acknowledged, by id. */
  readonly uploads: Map<string, UploadPlace>;
  /** How many uploads may have begun without an answer. */
  uploadsInDoubt: number;
  completionsInDoubt: Completion[];
  /** The bytes of each part that was sent, by MD5. */
  readonly partBodies: Map<string, { readonly seed: string; readonly sizeBytes: number }>;
  /** Which put a rule came from. */
  readonly rules: ReadonlyMap<string, Promised<string>>;
  /** Buckets that come and go, with the ids of their rules. */
  readonly passing: ReadonlyMap<string, Promised<readonly string[]>>;
  /** Encryption keys and their states. */
  readonly keys: Map<string, Promised<string>>;
  readonly users: readonly UserPlace[];
  /** Policies, and which put each came from. */
  readonly policies: readonly { readonly name: string; readonly promised: Promised<string> }[];
  /** Runs whose start was acknowledged, and the rule of each. */
  readonly runs: Map<string, string>;
  /** Manifests that were found whole, with the keys that they name. */
  readonly reports: Map<string, readonly string[]>;
  /** Failpoints that any of the servers came to. */
  readonly reached: Set<Failpoint>;
  /** Broken promises, in words. */
  readonly problems: string[];
  readonly importFolder: string;
  /** The files of the folder: name to what an object is that is made of it. */
  readonly importFiles: ReadonlyMap<string, ObjectFacts>;
}

export async function makeWorld(random: Random, baseObjects: number): Promise<World> {
  const folder = await mkdtemp(path.join(tmpdir(), 'stocktake-crash-'));
  const data = path.join(folder, 'data');
  await seedData(data, baseObjects);
  const importFolder = path.join(folder, 'import');
  const places = [
    ...Array.from({ length: SOURCE_KEYS }, (_, index) =>
      place(SOURCE, `${LOAD_PREFIX}${index} ${'é/'.repeat(index % 3)}x`),
    ),
    ...Array.from({ length: ENCRYPTED_KEYS }, (_, index) => place(ENCRYPTED, `sealed ${index}`)),
  ];
  return {
    random,
    folder,
    data,
    baseObjects,
    objects: new Map(places.map((each) => [nameOf(each), each])),
    versioned: Array.from({ length: VERSIONED_KEYS }, (_, index) => ({
      key: `paper ${index}`,
      promised: new Promised(),
      ids: [],
    })),
    uploads: new Map(),
    uploadsInDoubt: 0,
    completionsInDoubt: [],
    partBodies: new Map(),
    rules: new Map(RULES.map((id) => [id, new Promised()])),
    passing: new Map(Array.from({ length: PASSING_BUCKETS }, (_, index) => [`passing-${index}`, new Promised()])),
    keys: new Map(),
    users: Array.from({ length: USERS }, (_, index) => ({
      name: `person-${index}`,
      promised: new Promised(),
      secrets: new Map(),
    })),
    policies: Array.from({ length: POLICIES }, (_, index) => ({ name: `policy-${index}`, promised: new Promised() })),
    runs: new Map(),
    reports: new Map(),
    reached: new Set(),
    problems: [],
    importFolder,
    importFiles: await makeImportFolder(importFolder, random),
  };
}

export function place(bucket: string, key: string): ObjectPlace {
  return { bucket, key, promised: new Promised() };
}

/** As in `photos/load/1`. */
export function nameOf({ bucket, key }: Pick<ObjectPlace, 'bucket' | 'key'>): string {
  return `${bucket}/${key}`;
}
