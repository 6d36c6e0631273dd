/** What the property tests draw from: keys and records as wide as the model allows, with its edges made likely. */

import fc from 'fast-check';
import {
  BODY_PLACES,
  ENCRYPTIONS,
  MAX_RAW_ETAG_BYTES,
  MAX_VERSION_ID_BYTES,
  OBJECT_ACLS,
  OBJECT_TYPES,
  type ObjectRecord,
  STORAGE_CLASSES,
} from '../src/core/record.ts';

export const MAX_SIZE_BYTES = 50 * 1024 ** 4;
export const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Characters that tell the orders apart: U+FFFD sorts before U+1F600 as bytes, and after it as UTF-16. */
const tellingCharacter = fc.constantFrom('a', 'b', '/', ' ', '"', ',', '%', '\u0000', '\n', 'é', '封', '\uFFFD', '😀');

export const character = fc.oneof(tellingCharacter, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }));

/** A key as clients may give it: well-formed, 1 to 1,023 bytes of UTF-8, not led by a slash of either kind. */
export const objectKey = fc
  .oneof(
    { weight: 5, arbitrary: fc.array(tellingCharacter, { minLength: 1, maxLength: 6 }) },
    { weight: 2, arbitrary: fc.array(character, { minLength: 1, maxLength: 30 }) },
    { weight: 1, arbitrary: fc.constantFrom(['k'.repeat(1023)], ['é'.repeat(511)], ['😀'.repeat(255)]) },
  )
  .map((characters) => characters.join(''))
  .filter((key) => !/^[/\\]/.test(key));

const hex = (digits: string) =>
  fc.array(fc.constantFrom(...digits), { minLength: 32, maxLength: 32 }).map((all) => all.join(''));
const upperHex = hex('0123456789ABCDEF');
const lowerHex = hex('0123456789abcdef');
const withParts = (digest: fc.Arbitrary<string>) =>
  fc
    .tuple(digest, fc.oneof(fc.integer({ min: 1, max: 99_999 }), fc.constantFrom(1, 65_535, 65_536)))
    .map(([digits, parts]) => `${digits}-${parts}`);
const textUpTo = (maxBytes: number) => {
  const text = fc.string({ unit: fc.oneof(fc.constant('"'), character), maxLength: 40 });
  return fc.oneof(text, fc.constantFrom('"'.repeat(maxBytes), 'x'.repeat(maxBytes)));
};

export const etag = fc.oneof(
  fc.constant(''),
  upperHex,
  lowerHex,
  withParts(upperHex),
  withParts(lowerHex),
  textUpTo(MAX_RAW_ETAG_BYTES),
);

export const sizeBytes = fc.oneof(
  fc.constantFrom(0, 9, 10, 2 ** 32, MAX_SIZE_BYTES),
  fc.maxSafeNat().map((number) => number % (MAX_SIZE_BYTES + 1)),
);

export const instantMs = fc.oneof(
  fc.constantFrom(0, 999, 1000, Date.UTC(2000, 1, 29), Date.UTC(2100, 2, 1), LAST_MS),
  fc.maxSafeNat().map((number) => number % (LAST_MS + 1)),
);

/** Any record that can be, delete markers and hidden versions among them. */
export const objectRecord: fc.Arbitrary<ObjectRecord> = fc
  .record({
    sizeBytes,
    lastModifiedMs: instantMs,
    etag,
    storageClass: fc.constantFrom(...STORAGE_CLASSES),
    objectType: fc.constantFrom(...OBJECT_TYPES),
    acl: fc.constantFrom(...OBJECT_ACLS),
    encryption: fc.constantFrom(...ENCRYPTIONS),
    tagCount: fc.nat(10),
    isDeleteMarker: fc.boolean(),
    isMultipartUploaded: fc.boolean(),
    isLatest: fc.boolean(),
    hasNoncurrent: fc.boolean(),
    sequence: fc.maxSafeNat(),
    crc64: fc.option(
      fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.constantFrom(0n, 999_999n, 1_000_000n, 2n ** 64n - 1n)),
      { nil: undefined },
    ),
    transitionMs: fc.option(instantMs, { nil: undefined }),
    versionId: textUpTo(MAX_VERSION_ID_BYTES),
    contentId: fc.maxSafeNat(),
    bodyPlace: fc.constantFrom(...BODY_PLACES),
  })
  .map(({ crc64, transitionMs, ...record }) => ({
    ...record,
    ...(crc64 !== undefined && { crc64 }),
    ...(transitionMs !== undefined && { transitionMs }),
  }));
