/** Checks a data folder that nobody changes meanwhile: the store, and the control database beside it. */

import { existsSync } from 'node:fs';
import { ControlFile } from '../control/control-file.ts';
import { KeyTable } from '../control/key-table.ts';
import { systemClock } from '../core/clock.ts';
import type { KeyRecords } from '../keys/key-records.ts';
import { KeyService } from '../keys/key-service.ts';
import { BodyFiles } from '../store/bodies/body-files.ts';
import type { CheckCounts, CheckOptions } from '../store/check/check-context.ts';
import { checkStore } from '../store/check/check-store.ts';
import type { Finding } from '../store/check/finding.ts';
import { openIndex } from '../store/index-database.ts';
import { storeFolder } from './data-backup.ts';
import { openKeyFile } from './key-file.ts';
import { lostPart } from './lost-parts.ts';

/** A fault of the store, or of the control database beside it. */
export type DataFinding =
  | Finding
  | { readonly kind: 'control-damaged'; readonly text: string }
  | { readonly kind: 'index-lost'; readonly text: string };

export interface CheckDataOptions extends Omit<CheckOptions, 'keys' | 'onFinding'> {
  /** Opens encrypted bodies. */
  readonly keyFile: string;
  /** Refuse when the key file can't be read, instead of going without. */
  readonly needsKeyFile: boolean;
  readonly onFinding: (finding: DataFinding) => void;
}

export interface DataCheck {
  readonly counts: CheckCounts;
  /** What is worth knowing, and no fault. */
  readonly notes: readonly string[];
}

const NOTHING_CHECKED: CheckCounts = {
  objects: 0,
  versions: 0,
  uploads: 0,
  bodies: 0,
  bytes: 0,
  unopened: 0,
  filesToRemove: 0,
};

/** Tells `onFinding` of each fault. Changes nothing. */
export async function checkData(data: string, options: CheckDataOptions): Promise<DataCheck> {
  const notes: string[] = [];
  const lost = await lostPart(data);
  if (lost?.part === 'index') {
    options.onFinding({ kind: 'index-lost', text: lost.text });
    return { counts: NOTHING_CHECKED, notes };
  }
  const control = await openControl(data, options.onFinding);
  try {
    const db = openIndex(storeFolder(data));
    try {
      const { keys, whyShut } = (control && (await openKeys(control, options))) ?? {};
      if (control !== undefined) {
        const buckets = new Set([...db.buckets.getRange()].map(({ value }) => value.id));
        for (const { bucket, bucketId, id } of await control.rules()) {
          if (buckets.has(bucketId)) continue;
          notes.push(
            `The rule "${id}" is of a bucket "${bucket}" that is gone; the next start of a server removes it.`,
          );
        }
      }
      const counts = await checkStore(db, BodyFiles.at(storeFolder(data)), { ...options, keys });
      if (whyShut !== undefined && counts.unopened > 0) {
        notes.push(`Encrypted contents were checked by their length alone. ${whyShut}`);
      }
      return { counts, notes };
    } finally {
      await db.root.close();
    }
  } finally {
    await control?.close();
  }
}

/** The control database, unless it is damaged: then that is said, and nothing in it is relied on. */
async function openControl(data: string, onFinding: CheckDataOptions['onFinding']): Promise<ControlFile | undefined> {
  let control: ControlFile;
  try {
    control = ControlFile.open(data);
  } catch (error) {
    onFinding({ kind: 'control-damaged', text: `can't be opened: ${(error as Error).message}` });
    return undefined;
  }
  const faults = control.faults();
  for (const text of faults) onFinding({ kind: 'control-damaged', text });
  if (faults.length === 0) return control;
  await control.close();
  return undefined;
}

interface OpenedKeys {
  /** Undefined when there are none, or they stay shut. */
  readonly keys?: KeyService;
  /** Why they stay shut, and what to do about it. */
  readonly whyShut?: string;
}

/** The keys as they are: none is made, and none whose time has come is destroyed. */
async function openKeys(control: ControlFile, { keyFile, needsKeyFile }: CheckDataOptions): Promise<OpenedKeys> {
  const table = new KeyTable(control.db);
  if (await table.isEmpty()) return {};
  const records: KeyRecords = {
    find: (id) => table.find(id),
    findDefault: () => table.findDefault(),
    list: (after, limit) => table.list(after, limit),
    insert: async () => false,
    change: async () => false,
    destroyDue: async () => [],
  };
  try {
    const sealedBy = openKeyFile(keyFile, { mayCreate: false });
    return { keys: await KeyService.open({ records, sealedBy, clock: systemClock, isOn: true }) };
  } catch (error) {
    if (needsKeyFile) throw error;
    if (existsSync(keyFile)) return { whyShut: (error as Error).message };
    return { whyShut: `There is no key file "${keyFile}"; to have their bytes checked, name it with --key-file.` };
  }
}

/** A finding as a sentence without its full stop. */
export function describeFinding(finding: DataFinding): string {
  if (finding.kind === 'index-lost') return finding.text;
  if (finding.kind === 'control-damaged') return `the control database: ${finding.text}`;
  const { bucket, key, versionId, contentId, text } = finding;
  if (bucket === undefined) return contentId === undefined ? `there ${text}` : `content ${contentId} ${text}`;
  if (key === undefined) return `the bucket "${bucket}" ${text}`;
  return `"${key}" of the bucket "${bucket}"${versionId === undefined ? '' : `, version ${versionId},`} ${text}`;
}
