/**
 * Whether a data folder has lost one of its databases, or its index is cut. An empty one in its place would be taken for the truth: bodies
 * that no index names are removed, and rules of buckets that are not there; and a new service key opens nothing.
 */

import { stat } from 'node:fs/promises';
import path from 'node:path';
import { CONTROL_FILE } from '../control/control-database.ts';
import { ControlFile } from '../control/control-file.ts';
import { BodyFiles, isMissing } from '../store/bodies/body-files.ts';
import { indexFile, openIndex } from '../store/index-database.ts';
import { indexHeaderFault } from '../store/index-header.ts';
import { storeFolder } from './data-backup.ts';

export interface LostPart {
  readonly part: 'index' | 'control';
  /** What happened and what to do, in sentences. */
  readonly text: string;
}

/** The part that is lost; undefined when none is, or the folder is new. Changes nothing. */
export async function lostPart(data: string): Promise<LostPart | undefined> {
  const index = indexFile(storeFolder(data));
  const hasIndex = await isFilled(index);
  const hasControl = await isFilled(path.join(data, CONTROL_FILE));
  if (!hasIndex && ((await hasBodies(data)) || (hasControl && (await hasRules(data))))) {
    return { part: 'index', text: lost(index, 'is missing or empty', 'the index of all objects') };
  }
  const fault = hasIndex ? await indexHeaderFault(index) : undefined;
  if (fault !== undefined) return { part: 'index', text: lost(index, fault, 'the index of all objects') };
  if (!hasControl && hasIndex && (await hasBuckets(data))) {
    const what = 'the control database with rules, runs and keys';
    return { part: 'control', text: lost(path.join(data, CONTROL_FILE), 'is missing or empty', what) };
  }
  return undefined;
}

function lost(file: string, fault: string, what: string): string {
  return `"${file}" ${fault}. It was ${what} of this data folder. Bring it back, or restore a backup with "stocktake store restore". Nothing was changed; a server that started without it would remove what it no longer knows.`;
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
    return control.faults().length === 0 && control.hasTable('rules') && (await control.rules()).length > 0;
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
