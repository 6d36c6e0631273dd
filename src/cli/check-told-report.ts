/**
 * Holds `report.json` against itself and the manifest: that the ranges of its shards cover all keys of the rule, each
 * once, that its sums are right, and that it speaks of this manifest and of the files in it. What it says of rows is
 * held against them where they are read (check-report.ts).
 */

import { boundText, coverFault, prefixRange } from '../core/key-range.ts';
import { printable } from '../core/printable.ts';
import { sha256Of } from '../core/report-facts.ts';
import type { ManifestDocument, ManifestFile } from './manifest-document.ts';
import type { Problems } from './problems.ts';
import type { ToldFile, ToldReport, ToldShard } from './told-report.ts';

export interface CheckedManifest extends ManifestDocument {
  readonly bytes: Buffer;
}

export function checkToldReport(told: ToldReport, manifest: CheckedManifest, problems: Problems): void {
  checkManifest(told, manifest, problems);
  checkFiles(told, manifest, problems);
  checkRanges(told, problems);
  for (const shard of told.shards) checkShard(shard, problems);
  checkCounts(told, problems);
}

function checkManifest(told: ToldReport, manifest: CheckedManifest, problems: Problems): void {
  const actual = sha256Of(manifest.bytes);
  if (actual !== told.manifestSha256) {
    problems.add({
      text: `it tells of a manifest whose SHA-256 is ${told.manifestSha256}, and this one's is ${actual}`,
    });
  }
  const same = (what: string, ours: string, theirs: string) => {
    if (ours === theirs) return;
    problems.add({ text: `its ${what} is "${printable(ours)}", and the manifest says "${printable(theirs)}"` });
  };
  same('source bucket', told.sourceBucket, manifest.sourceBucket);
  same('destination bucket', told.destinationBucket, manifest.destinationBucket);
  same('list of columns', told.columns.join(', '), manifest.fileSchema);
  same('start of the scan', String(Math.floor(told.startedAtMs / 1000)), manifest.creationTimestamp);
  if (told.columns.join() !== told.ruleColumns.join()) {
    const [said, asked] = [told.columns, told.ruleColumns].map((columns) => printable(columns.join(', ')));
    problems.add({ text: `its columns are "${said}", and its rule asks for "${asked}"` });
  }
}

/** Both name the same files, in the same order, and say the same of each. */
function checkFiles({ shards }: ToldReport, { files }: CheckedManifest, problems: Problems): void {
  const ofFile = (key: string) => problems.of(printable(key, 1024));
  const told = shards.flatMap(({ range, delivered }) => (delivered === undefined ? [] : [{ ...delivered, ...range }]));
  const toldKeys = new Set(told.map(({ key }) => key));
  const named = new Map<string, ManifestFile & { readonly index: number }>();
  for (const [index, file] of files.entries()) {
    if (!toldKeys.has(file.key)) ofFile(file.key).add({ text: 'the manifest names it, and report.json does not' });
    if (named.has(file.key)) ofFile(file.key).add({ text: 'the manifest names it more than once' });
    named.set(file.key, { ...file, index });
  }
  let last = -1;
  for (const { key, shard, sizeBytes, md5 } of told) {
    const file = named.get(key);
    const found = ofFile(key);
    if (file === undefined) {
      found.add({ shard, text: 'report.json names it, and the manifest does not' });
      continue;
    }
    const { index, size, MD5checksum } = file;
    if (index <= last)
      found.add({ shard, text: 'report.json names it behind a file that the manifest names after it' });
    if (size !== sizeBytes)
      found.add({ shard, text: `report.json gives it ${sizeBytes} bytes, and the manifest ${size}` });
    if (MD5checksum !== md5) {
      found.add({ shard, text: `report.json gives it the MD5 ${md5}, and the manifest ${printable(MD5checksum)}` });
    }
    last = Math.max(last, index);
  }
}

/** From the first key of the rule to the last, one after another without a gap. */
function checkRanges({ shards, prefix }: ToldReport, problems: Problems): void {
  if (shards.length === 0) problems.add({ text: 'it has no shard, so it covers no key' });
  const fault = coverFault(
    prefixRange(prefix),
    shards.map(({ range }) => range),
  );
  if (fault !== undefined && shards.length > 0) problems.add({ shard: fault.part, text: fault.text });
}

function checkShard({ range, scanned, matched, delivered }: ToldShard, problems: Problems): void {
  const { shard, start, end } = range;
  if (matched > scanned) problems.add({ shard, text: `it matched ${matched} rows of ${scanned} that it scanned` });
  if (delivered === undefined) return;
  const { firstKey, lastKey }: ToldFile = delivered;
  if (Buffer.compare(firstKey, lastKey) > 0) {
    problems.add({
      shard,
      text: `its first key ${boundText(firstKey)} comes after its last key ${boundText(lastKey)}`,
    });
  }
  const isInside = Buffer.compare(firstKey, start) >= 0 && (end === undefined || Buffer.compare(lastKey, end) < 0);
  if (!isInside) {
    const keys = `its keys from ${boundText(firstKey)} to ${boundText(lastKey)}`;
    problems.add({ shard, text: `${keys} lie outside of its range, from ${boundText(start)} up to ${boundText(end)}` });
  }
}

function checkCounts({ counts, shards }: ToldReport, problems: Problems): void {
  const same = (what: keyof typeof counts, of: (shard: ToldShard) => number) => {
    const sum = shards.reduce((total, shard) => total + of(shard), 0);
    if (sum !== counts[what])
      problems.add({ text: `counts.${what} is ${counts[what]}, and its shards come to ${sum}` });
  };
  same('scanned', ({ scanned }) => scanned);
  same('matched', ({ matched }) => matched);
  same('bytesWritten', ({ delivered }) => delivered?.sizeBytes ?? 0);
}
