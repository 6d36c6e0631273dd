/**
 * Contents in the index: the bytes of short bodies, the marks of those that are files, the parts that make up others,
 * and what is stored beside them. What changes runs inside a commit.
 */

import assert from 'node:assert/strict';
import type { ObjectRecord } from '../../core/record.ts';
import { contentKey, type IndexDatabase } from '../index-database.ts';
import type { ReceivedBody } from './body-intake.ts';
import { type Body, type ContentFacts, hasFacts, NO_FACTS, packBodies, unpackBodies } from './content.ts';

const MARK = Buffer.alloc(0);

export class ContentTable {
  readonly #db: IndexDatabase;

  constructor(db: IndexDatabase) {
    this.#db = db;
  }

  facts(contentId: number): ContentFacts {
    const text = this.#db.metadata.get(contentKey(contentId));
    return text === undefined ? NO_FACTS : (JSON.parse(text) as ContentFacts);
  }

  /** The bodies that make up an object, in order. */
  bodies({ bodyPlace: place, contentId, sizeBytes }: ObjectRecord): Body[] {
    if (place !== 'parts') return [{ contentId, sizeBytes, place }];
    const packed = this.#db.compositions.get(contentKey(contentId));
    assert(packed !== undefined, `the index has lost the parts of content ${contentId}`);
    return unpackBodies(packed);
  }

  /** The bytes of a body that is kept in the index, as they are stored. */
  bytes({ contentId }: Body): Uint8Array {
    const bytes = this.#db.bodies.get(contentKey(contentId));
    assert(bytes !== undefined, `the index has lost the body of content ${contentId}`);
    return bytes;
  }

  /** Does the index name a file of this id? */
  hasFile(contentId: number): boolean {
    return this.#db.files.doesExist(contentKey(contentId));
  }

  putFacts(contentId: number, facts: ContentFacts): void {
    const key = contentKey(contentId);
    if (hasFacts(facts)) this.#db.metadata.putSync(key, JSON.stringify(facts));
    else this.#db.metadata.removeSync(key);
  }

  putBody({ contentId, bytes }: ReceivedBody, place: Body['place']): void {
    if (place === 'file') this.#db.files.putSync(contentKey(contentId), MARK);
    else if (place === 'index' && bytes !== undefined) this.#db.bodies.putSync(contentKey(contentId), asBuffer(bytes));
  }

  putComposition(contentId: number, bodies: readonly Body[]): void {
    this.#db.compositions.putSync(contentKey(contentId), packBodies(bodies));
  }

  /** Removes all that belongs to a version. Returns the content ids whose files must go. */
  remove(record: ObjectRecord): number[] {
    const orphans = this.bodies(record).flatMap((body) => this.removeBody(body));
    const key = contentKey(record.contentId);
    if (record.bodyPlace === 'parts') this.#db.compositions.removeSync(key);
    this.#db.metadata.removeSync(key);
    return orphans;
  }

  /** Removes one body. Returns its content id when it has a file, which must go. */
  removeBody({ contentId, place }: Body): number[] {
    const key = contentKey(contentId);
    if (place === 'index') this.#db.bodies.removeSync(key);
    if (place !== 'file') return [];
    this.#db.files.removeSync(key);
    this.#db.garbage.putSync(key, MARK);
    return [contentId];
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
