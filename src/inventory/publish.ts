/**
 * Makes a report visible: checks every data file where it lies, writes the checksum, and last the manifest, whose
 * presence tells readers that the report is whole (docs/decisions/0003-manifest-last.md). The bytes depend on the
 * settled shards alone, so publishing can be repeated. A manifest that is there already is never written over; when it
 * is the same the report is published, and what became of its files since then is its readers' affair.
 */

import { createHash } from 'node:crypto';
import { DomainError } from '../core/errors.ts';
import { reach } from '../core/failpoint.ts';
import {
  checksumKey,
  type DataFile,
  type Manifest,
  manifestKey,
  renderChecksum,
  renderManifest,
} from '../core/report.ts';
import type { Destination } from './destination.ts';

export interface Publication {
  readonly destination: Destination;
  readonly folder: string;
  readonly manifest: Manifest;
  /** Run before anything is put, unless the report is visible already; throws to keep it from becoming so. */
  readonly beforeFirstPut?: () => Promise<void>;
}

/** Returns the manifest's key. */
export async function publishReport({ destination, folder, manifest, beforeFirstPut }: Publication): Promise<string> {
  const bytes = renderManifest(manifest);
  const key = manifestKey(folder);
  const checksum = { key: checksumKey(folder), bytes: Buffer.from(renderChecksum(bytes)), contentType: 'text/plain' };
  if (await isStored(destination, key, bytes)) {
    await restore(destination, checksum);
    return key;
  }
  await beforeFirstPut?.();
  await assertFilesWhole(destination, manifest.files);
  reach('report.put-checksum');
  await putOnce(destination, checksum);
  reach('report.put-manifest');
  await putOnce(destination, { key, bytes, contentType: 'application/json' });
  reach('report.visible');
  return key;
}

async function assertFilesWhole(destination: Destination, files: readonly DataFile[]): Promise<void> {
  for (const file of files) {
    const stored = await destination.stat(file.key);
    if (stored?.sizeBytes !== file.sizeBytes || stored.md5 !== file.md5) {
      const found = stored === undefined ? 'is missing' : `has ${stored.sizeBytes} bytes and MD5 ${stored.md5}`;
      throw new DomainError(
        'ReportInconsistent',
        `Data file "${file.key}" ${found}, where ${file.sizeBytes} bytes and MD5 ${file.md5} were written. Something else writes below the report's folder; start the run again.`,
      );
    }
  }
}

interface SmallFile {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** Puts back what somebody took away. A published report is published, though, if that can't be done any more. */
async function restore(destination: Destination, { key, bytes, contentType }: SmallFile): Promise<void> {
  try {
    await destination.putNew(key, bytes, contentType);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
  }
}

async function putOnce(destination: Destination, { key, bytes, contentType }: SmallFile): Promise<void> {
  if (await destination.putNew(key, bytes, contentType)) return;
  if (await isStored(destination, key, bytes)) return;
  throw new DomainError(
    'ReportInconsistent',
    `"${key}" exists already with other content, and a published manifest is never written over. Start the run again.`,
  );
}

/** Are exactly these bytes there? */
async function isStored(destination: Destination, key: string, bytes: Uint8Array): Promise<boolean> {
  const stored = await destination.stat(key);
  const md5 = createHash('md5').update(bytes).digest('hex').toUpperCase();
  return stored?.sizeBytes === bytes.length && stored.md5 === md5;
}
