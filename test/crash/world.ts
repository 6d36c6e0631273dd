/**
 * What outlives the kills of a suite: the data folder, what the server has promised about what is in it, and the
 * broken promises found so far.
 */

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { ObjectStore } from '../../src/store/object-store.ts';
import { NO_METADATA, photos, put } from '../store-fixture.ts';
import { Promised } from './promises.ts';
import type { Random } from './random.ts';

export const SOURCE = 'photos';
export const DESTINATION = 'reports';
export const BASE_PREFIX = 'base/';
export const LOAD_PREFIX = 'load/';
const LOAD_KEYS = 240;
const RULES = 5;
const IMPORT_FILES = 300;
const SEEDING_AT_ONCE = 256;

/** The header that tells which put an object came from. */
export const GENERATION_HEADER = 'x-oss-meta-generation';

export interface World {
  readonly random: Random;
  readonly folder: string;
  readonly data: string;
  /** Objects that nobody changes, so that a scan takes its time. */
  readonly baseObjects: number;
  readonly objects: Map<string, Promised>;
  readonly rules: ReadonlyMap<string, Promised>;
  /** Runs whose start was acknowledged, and the rule of each. */
  readonly runs: Map<string, string>;
  /** Manifests that were found whole, with the keys that they name. */
  readonly reports: Map<string, readonly string[]>;
  /** Broken promises, in words. */
  readonly problems: string[];
  readonly importFolder: string;
  /** The files of the folder: name to the state of an object that is made of it. */
  readonly importFiles: ReadonlyMap<string, string>;
}

export async function makeWorld(random: Random, baseObjects: number): Promise<World> {
  const folder = await mkdtemp(path.join(tmpdir(), 'stocktake-crash-'));
  const data = path.join(folder, 'data');
  await seedStore(path.join(data, 'store'), baseObjects);
  const importFolder = path.join(folder, 'import');
  const promised = (count: number, name: (index: number) => string) =>
    new Map(Array.from({ length: count }, (_, index) => [name(index), new Promised()]));
  return {
    random,
    folder,
    data,
    baseObjects,
    objects: promised(LOAD_KEYS, (index) => `${LOAD_PREFIX}${index} ${'é/'.repeat(index % 3)}x`),
    rules: promised(RULES, (index) => `rule-${index}`),
    runs: new Map(),
    reports: new Map(),
    problems: [],
    importFolder,
    importFiles: await makeImportFolder(importFolder, random),
  };
}

/** Straight into the store: over HTTP it would take the time of all the rest. */
async function seedStore(folder: string, count: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const store = await ObjectStore.open(folder, systemClock);
  try {
    await store.createBucket(photos);
    await store.createBucket({ ...photos, name: DESTINATION });
    for (let from = 0; from < count; from += SEEDING_AT_ONCE) {
      const batch = Array.from({ length: Math.min(SEEDING_AT_ONCE, count - from) }, (_, index) => from + index);
      await Promise.all(batch.map((index) => put(store, baseKey(index), String(index), { metadata: NO_METADATA })));
    }
  } finally {
    await store.close();
  }
}

const baseKey = (index: number): string => `${BASE_PREFIX}${String(index).padStart(9, '0')}`;

async function makeImportFolder(folder: string, random: Random): Promise<Map<string, string>> {
  await mkdir(folder);
  const files = new Map<string, string>();
  for (let index = 0; index < IMPORT_FILES; index++) {
    const name = `file ${index}`;
    const bytes = bodyOf(name, 0, sizeOf(random));
    const file = path.join(folder, name);
    await writeFile(file, bytes);
    await utimes(file, index, index);
    files.set(name, stateOf(bytes, `mtime ${index}.000`));
  }
  return files;
}

/** A size near one of the edges that the store treats differently, most often a small one. */
export function sizeOf(random: Random): number {
  const kind = random.between(0, 20);
  if (kind === 0) return 0;
  if (kind === 1) return random.between(1_000_000, 3_000_000);
  if (kind <= 4) return 32 * 1024 + random.between(-1, 2);
  if (kind <= 7) return random.between(40_000, 200_000);
  return random.between(1, 4000);
}

/** Bytes that no other put has: one that is mixed of two, or cut, has another MD5. */
export function bodyOf(key: string, generation: number, sizeBytes: number): Buffer {
  return Buffer.alloc(sizeBytes, `${key} ${generation} `);
}

/** An object as the text that is compared: size, MD5, and what its metadata says. */
export function stateOf(bytes: Buffer, metadata: string): string {
  return `${bytes.length} bytes, ${createHash('md5').update(bytes).digest('hex').toUpperCase()}, ${metadata}`;
}
