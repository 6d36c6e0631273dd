/**
 * Whether a data folder has lost one of its databases. An empty one in its place would be taken for the truth: bodies
 * that no index names are removed, and rules of buckets that are not there; and a new service key opens nothing.
 */

import { stat } from 'node:fs/promises';
import path from 'node:path';
import { CONTROL_FILE } from '../control/control-database.ts';
import { ControlFile } from '../control/control-file.ts';
import { BodyFiles, isMissing } from '../store/bodies/body-files.ts';
import { indexFile, openIndex } from '../store/index-database.ts';
import { storeFolder } from './data-backup.ts';

export interface LostPart {
  readonly part: 'index' | 'control';
  /** What happened and what to do, in sentences. */
  readonly text: string;
}

/** The part that is lost; undefined when none is, or the folder is new. Changes nothing. */
export async function lostPart(data: string): Promise<LostPart | undefined> {
  const hasIndex = await isFilled(indexFile(storeFolder(data)));
  const hasControl = await isFilled(path.join(data, CONTROL_FILE));
  if (!hasIndex && ((await hasBodies(data)) || (hasControl && (await hasRules(data))))) {
    return { part: 'index', text: lost(indexFile(storeFolder(data)), 'the index of all objects') };
  }
  if (!hasControl && hasIndex && (await hasBuckets(data))) {
    const what = 'the control database with rules, runs and keys';
    return { part: 'control', text: lost(path.join(data, CONTROL_FILE), what) };
  }
  return undefined;
}

function lost(file: string, what: string): string {
  return `"${file}" is missing or empty: it was ${what} of this data folder. Bring it back, or restore a backup with "stocktake store restore". Nothing was changed; a server that started without it would remove what it no longer knows.`;
}

async function isFilled(file: string): Promise<boolean> {
  try {
    return (await stat(file)).size > 0;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function hasBodies(data: string): Promise<boolean> {
  try {
    for await (const { contentId } of BodyFiles.at(storeFolder(data)).entries()) {
      if (contentId !== undefined) return true;
    }
    return false;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** A control database that can't be read has its own words, from whoever opens it. */
async function hasRules(data: string): Promise<boolean> {
  const control = ControlFile.open(data);
  try {
    return control.faults().length === 0 && control.hasTables() && (await control.rules()).length > 0;
  } finally {
    await control.close();
  }
}

async function hasBuckets(data: string): Promise<boolean> {
  const db = openIndex(storeFolder(data));
  try {
    return db.buckets.getKeysCount() > 0;
  } finally {
    await db.root.close();
  }
}
