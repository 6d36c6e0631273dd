/** Reports in a map, for tests of what removes them: each with its manifest, what lies beside that, and its data files. */

import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { StoredRun } from '../src/control/run-ledger.ts';
import { renderLatest } from '../src/core/latest-report.ts';
import {
  checksumKey,
  type DataFile,
  latestKey,
  manifestFileKeys,
  manifestKey,
  type ReportPlace,
  renderChecksum,
  renderManifest,
  reportJsonKey,
} from '../src/core/report.ts';
import type { FileFacts, StoredFile } from '../src/inventory/destination.ts';
import { type DeliveredReport, isVisible, type RemovalPlace, removeReport } from '../src/inventory/remove-report.ts';
import type { RemovalSteps, ReportRemover } from '../src/jobs/expired-reports.ts';

export class MemoryReports implements RemovalPlace, ReportRemover {
  readonly objects = new Map<string, StoredFile>();
  /** Run before anything is discarded; what it throws keeps that from happening. */
  beforeDiscard: (key: string) => void = () => undefined;

  put(key: string, text: string | Uint8Array): void {
    const bytes = Buffer.from(text);
    const md5 = createHash('md5').update(bytes).digest('hex').toUpperCase();
    this.objects.set(key, { sizeBytes: bytes.length, md5, bytes });
  }

  /** Puts a whole report; its data files have no bytes. */
  deliver({ folder, files }: DeliveredReport): void {
    for (const { key, sizeBytes, md5 } of files) this.objects.set(key, { sizeBytes, md5 });
    const manifest = renderManifest({
      creationTimestampSeconds: 0,
      sourceBucket: 'photos',
      destinationBucket: 'acme-reports',
      columns: ['Bucket', 'Key'],
      files,
    });
    this.put(checksumKey(folder), renderChecksum(manifest));
    this.put(reportJsonKey(folder), '{}');
    this.put(manifestKey(folder), manifest);
  }

  /** Has `latest.json` name the report. */
  nameLatest({ place, folder }: DeliveredReport): void {
    const named = { runId: '0123456789abcdef', pointInTimeMs: 0, folder };
    this.put(latestKey(place), renderLatest(named, { manifest: Buffer.of(), facts: undefined }));
  }

  async read(key: string): Promise<StoredFile | undefined> {
    return this.objects.get(key);
  }

  async stat(key: string): Promise<FileFacts | undefined> {
    return this.objects.get(key);
  }

  async discard(key: string, current: FileFacts): Promise<boolean> {
    this.beforeDiscard(key);
    const there = this.objects.get(key);
    if (there !== undefined && (there.md5 !== current.md5 || there.sizeBytes !== current.sizeBytes)) return false;
    this.objects.delete(key);
    return true;
  }

  isVisible(run: StoredRun, files: readonly DataFile[]): Promise<boolean> {
    return isVisible(this, reportOf(run, files));
  }

  remove(run: StoredRun, files: readonly DataFile[], steps: RemovalSteps): Promise<boolean> {
    return removeReport(this, reportOf(run, files), steps);
  }

  /** No manifest names a file that is not there. */
  assertWhole(): void {
    for (const [key, { bytes }] of this.objects) {
      if (!key.endsWith('/manifest.json') || bytes === undefined) continue;
      for (const file of manifestFileKeys(bytes)) expect([...this.objects.keys()]).toContain(file);
    }
  }

  /** The folders of all manifests. */
  folders(): string[] {
    const manifests = [...this.objects.keys()].filter((key) => key.endsWith('/manifest.json'));
    return manifests.map((key) => key.slice(0, key.lastIndexOf('/'))).toSorted();
  }
}

export function reportOf(run: StoredRun, files: readonly DataFile[]): DeliveredReport {
  if (run.folder === null) throw new Error(`run ${run.id} has no folder`);
  const place: ReportPlace = {
    destinationPrefix: run.rule.destination.prefix,
    sourceBucket: run.bucket,
    ruleId: run.rule.id,
  };
  return { place, folder: run.folder, files };
}
