import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyRule } from '../../test/any-rule.ts';
import { instantMs, objectRecord, sizeBytes } from '../../test/arbitraries.ts';
import { plainRecord } from '../../test/plain-record.ts';
import { type ObjectRecord, packRecord, STORAGE_CLASSES } from '../core/record.ts';
import { OBJECT_VERSIONS, type Rule } from '../core/rule.ts';
import { createRowFilter } from './row-filter.ts';

function passes(rule: Rule, record: ObjectRecord): boolean {
  const packed = Buffer.concat([Buffer.alloc(3, 0xff), packRecord(record)]);
  return createRowFilter(rule)(new DataView(packed.buffer, packed.byteOffset, packed.length), 3);
}

/** The rule in words: every condition that is given holds. Whole seconds count, both bounds included. */
function modelPasses({ filter, includedObjectVersions }: Rule, record: ObjectRecord): boolean {
  const second = Math.floor(record.lastModifiedMs / 1000);
  const classes = filter.storageClasses ?? ['All'];
  // A delete marker has neither size nor class.
  const isOfContent =
    filter.lowerSizeBytes !== undefined || filter.upperSizeBytes !== undefined || !classes.includes('All');
  return (
    !(record.isDeleteMarker && isOfContent) &&
    (includedObjectVersions === 'All' || (record.isLatest && !record.isDeleteMarker)) &&
    (filter.lastModifiedBegin === undefined || second >= filter.lastModifiedBegin) &&
    (filter.lastModifiedEnd === undefined || second <= filter.lastModifiedEnd) &&
    (filter.lowerSizeBytes === undefined || record.sizeBytes >= filter.lowerSizeBytes) &&
    (filter.upperSizeBytes === undefined || record.sizeBytes <= filter.upperSizeBytes) &&
    (classes.includes('All') || classes.includes(record.storageClass))
  );
}

const second = instantMs.map((ms) => Math.floor(ms / 1000));
const bounds = {
  lastModifiedBegin: second,
  lastModifiedEnd: second,
  lowerSizeBytes: sizeBytes,
  upperSizeBytes: sizeBytes,
  storageClasses: fc.oneof(fc.constant(['All']), fc.subarray([...STORAGE_CLASSES], { minLength: 1 })),
};

test('a record passes when every condition of the rule holds', () => {
  const filter = fc.record(bounds, { requiredKeys: [] });
  let passed = 0;
  fc.assert(
    fc.property(filter, fc.constantFrom(...OBJECT_VERSIONS), objectRecord, (filter, includedObjectVersions, record) => {
      const rule = anyRule({ filter, includedObjectVersions });
      expect(passes(rule, record)).toBe(modelPasses(rule, record));
      if (passes(rule, record)) passed++;
    }),
    { numRuns: 2000 },
  );
  expect(passed).toBeGreaterThan(50);
});

test('each bound lets through what lies on it, and stops what lies beside it', () => {
  const at = (change: Partial<ObjectRecord>) => ({ ...plainRecord, ...change });
  const times = anyRule({ filter: { lastModifiedBegin: 1000, lastModifiedEnd: 2000 } });
  const timesOf = (ms: number) => passes(times, at({ lastModifiedMs: ms }));
  expect([999_999, 1_000_000, 2_000_000, 2_000_999, 2_001_000].map(timesOf)).toEqual([false, true, true, true, false]);
  const sizes = anyRule({ filter: { lowerSizeBytes: 10, upperSizeBytes: 20 } });
  const sizesOf = (sizeBytes: number) => passes(sizes, at({ sizeBytes }));
  expect([9, 10, 20, 21].map(sizesOf)).toEqual([false, true, true, false]);
});

test('a rule of current versions takes neither hidden versions nor delete markers', () => {
  for (const change of [{ isLatest: false }, { isDeleteMarker: true }]) {
    expect(passes(anyRule(), { ...plainRecord, ...change })).toBe(false);
    expect(passes(anyRule({ includedObjectVersions: 'All' }), { ...plainRecord, ...change })).toBe(true);
  }
});

test.each([
  ['nothing', {}, true],
  ['a time that is its own', { lastModifiedBegin: 0 }, true],
  ['a time that is not', { lastModifiedEnd: 1 }, false],
  ['a size from nothing on', { lowerSizeBytes: 0 }, false],
  ['a size up to something', { upperSizeBytes: 1000 }, false],
  ['all classes in so many words', { storageClasses: ['All'] }, true],
  ['the class that its bucket has', { storageClasses: ['Standard'] }, false],
  ['each class there is', { storageClasses: [...STORAGE_CLASSES] }, false],
] as const)('a filter by %s (%j) lists a delete marker: %s', (_, filter, isTaken) => {
  const marker = { ...plainRecord, isDeleteMarker: true, sizeBytes: 0, etag: '' };
  expect(passes(anyRule({ includedObjectVersions: 'All', filter }), marker)).toBe(isTaken);
});
