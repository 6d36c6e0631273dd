/** Checks a data folder that nobody changes meanwhile: the store, and the control database beside it. */

import { ControlFile } from '../control/control-file.ts';
import { BodyFiles } from '../store/bodies/body-files.ts';
import type { CheckCounts, CheckOptions } from '../store/check/check-context.ts';
import { checkStore } from '../store/check/check-store.ts';
import type { Finding } from '../store/check/finding.ts';
import { openIndex } from '../store/index-database.ts';
import { storeFolder } from './data-backup.ts';
import { type FolderKeyOptions, openFolderKeys, type ShutSecret, trySecrets } from './folder-keys.ts';
import { lostPart } from './lost-parts.ts';

/** A fault of the store, or of the control database beside it. */
export type DataFinding =
  | Finding
  | { readonly kind: 'control-damaged'; readonly text: string }
  | { readonly kind: 'index-lost'; readonly text: string }
  | ({ readonly kind: 'secret-shut' } & ShutSecret);

export interface CheckDataOptions extends Omit<CheckOptions, 'keys' | 'onFinding'>, FolderKeyOptions {
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
      const { keys, sealer, whyShut } = (control && (await openFolderKeys(control, options))) ?? {};
      const untried: string[] = [];
      if (control !== undefined) {
        const secrets = await trySecrets(control, sealer);
        for (const shut of secrets.shut) options.onFinding({ kind: 'secret-shut', ...shut });
        if (secrets.areUntried) untried.push(UNTRIED_SECRETS);
        const buckets = new Set([...db.buckets.getRange()].map(({ value }) => value.id));
        for (const { bucket, bucketId, id } of await control.rules()) {
          if (buckets.has(bucketId)) continue;
          notes.push(
            `The rule "${id}" is of a bucket "${bucket}" that is gone; the next start of a server removes it.`,
          );
        }
      }
      const counts = await checkStore(db, BodyFiles.at(storeFolder(data)), { ...options, keys });
      if (whyShut !== undefined && counts.unopened > 0) untried.push(UNTRIED_CONTENTS);
      if (whyShut !== undefined && untried.length > 0) notes.push([...untried, whyShut].join(' '));
      return { counts, notes };
    } finally {
      await db.root.close();
    }
  } finally {
    await control?.close();
  }
}

const UNTRIED_CONTENTS = 'Encrypted contents were checked by their length alone.';
const UNTRIED_SECRETS = 'Whether the secrets of access keys and webhooks can be opened was not tried.';

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

/** A finding as a sentence without its full stop. */
export function describeFinding(finding: DataFinding): string {
  if (finding.kind === 'index-lost') return finding.text;
  if (finding.kind === 'control-damaged') return `the control database: ${finding.text}`;
  if (finding.kind === 'secret-shut') {
    const holder =
      'webhookId' in finding ? `the webhook "${finding.webhookId}"` : `the access key "${finding.accessKeyId}"`;
    return `${holder}: ${finding.text}`;
  }
  const { bucket, key, versionId, contentId, text } = finding;
  if (bucket === undefined) return contentId === undefined ? `there ${text}` : `content ${contentId} ${text}`;
  if (key === undefined) return `the bucket "${bucket}" ${text}`;
  return `"${key}" of the bucket "${bucket}"${versionId === undefined ? '' : `, version ${versionId},`} ${text}`;
}
