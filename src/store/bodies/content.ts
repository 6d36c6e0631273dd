/**
 * The content of a version, apart from its record: how its body lies on disk, and what is stored beside the body. All
 * of it is kept under the content id, and goes with the version.
 */

import type { BodyPlace, Encryption, ObjectRecord } from '../../core/record.ts';
import type { ObjectMetadata, StoredObject, Tag } from '../../core/stored-object.ts';

/** One stretch of bytes: a whole body, or that of one part. */
export interface Body {
  readonly contentId: number;
  /** Of the plain bytes. */
  readonly sizeBytes: number;
  readonly place: Exclude<BodyPlace, 'parts'>;
}

/** The data key of an object, wrapped under a master key. */
export interface Seal {
  readonly algorithm: Exclude<Encryption, 'none'>;
  readonly keyId: string;
  /** In base64. */
  readonly wrapped: string;
}

/** What is stored beside a body. */
export interface ContentFacts {
  readonly metadata: ObjectMetadata;
  readonly tags: readonly Tag[];
  readonly seal?: Seal;
}

export const NO_FACTS: ContentFacts = { metadata: { headers: {}, user: {} }, tags: [] };

export function hasFacts({ metadata, tags, seal }: ContentFacts): boolean {
  return (
    seal !== undefined ||
    tags.length > 0 ||
    Object.keys(metadata.headers).length > 0 ||
    Object.keys(metadata.user).length > 0
  );
}

/** A version as it is told to the outside: of its seal the named master key alone. */
export function describeObject(record: ObjectRecord, { metadata, tags, seal }: ContentFacts): StoredObject {
  return { record, metadata, tags, ...(seal?.algorithm === 'KMS' && { keyId: seal.keyId }) };
}

/** How a list of bodies is stored: of each the content id, the size and the place. */
const BODY_BYTES = 17;
const PLACES = ['none', 'index', 'file'] as const;

export function packBodies(bodies: readonly Body[]): Buffer {
  const bytes = Buffer.alloc(bodies.length * BODY_BYTES);
  for (const [index, { contentId, sizeBytes, place }] of bodies.entries()) {
    const at = index * BODY_BYTES;
    bytes.writeDoubleLE(contentId, at);
    bytes.writeDoubleLE(sizeBytes, at + 8);
    bytes[at + 16] = PLACES.indexOf(place);
  }
  return bytes;
}

export function unpackBodies(packed: Uint8Array): Body[] {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.length);
  return Array.from({ length: bytes.length / BODY_BYTES }, (_, index) => {
    const at = index * BODY_BYTES;
    const place = PLACES[bytes.readUInt8(at + 16)];
    if (place === undefined) throw new Error(`the index holds a part in place ${bytes[at + 16]}`);
    return { contentId: bytes.readDoubleLE(at), sizeBytes: bytes.readDoubleLE(at + 8), place };
  });
}
