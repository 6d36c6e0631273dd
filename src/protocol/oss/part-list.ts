/** The body of CompleteMultipartUpload: the parts that the object is made of (protocol sheet, section 5.8). */

import { DomainError, hasCode } from '../../core/errors.ts';
import { MAX_PARTS } from '../../core/limits.ts';
import { printable } from '../../core/printable.ts';
import type { NamedPart } from '../../core/stored-object.ts';
import { childrenNamed, childText, type XmlElement, type XmlLimits } from '../../core/xml.ts';
import { parseDocument } from './document-body.ts';
import { partNumberOf } from './upload-address.ts';

const ROOT = 'CompleteMultipartUpload';

/** A part takes some 100 bytes and three elements; the rest is room for indents and for what clients add. */
export const PART_LIST_LIMITS: XmlLimits = { maxBytes: 4 * 1024 * 1024, maxDepth: 8, maxElements: 8 * MAX_PARTS };

/** The parts in the order they are named; whether they are there, and ascend, is the store's to say. */
export function parsePartList(body: Uint8Array): NamedPart[] {
  const parts = childrenNamed(parseRoot(body), 'Part');
  if (parts.length === 0) throw malformed(`${ROOT} holds no Part; 1 to ${MAX_PARTS} are accepted.`);
  if (parts.length > MAX_PARTS) {
    throw malformed(`${ROOT} holds ${parts.length} parts where at most ${MAX_PARTS} are accepted.`);
  }
  return parts.map(readPart);
}

function parseRoot(body: Uint8Array): XmlElement {
  try {
    return parseDocument(body, ROOT, PART_LIST_LIMITS);
  } catch (error) {
    if (hasCode(error, 'MalformedXml')) throw malformed(error.message, error);
    throw error;
  }
}

function readPart(part: XmlElement): NamedPart {
  const number = childText(part, 'PartNumber')?.trim() ?? '';
  const etag = childText(part, 'ETag')
    ?.trim()
    .replace(/^"(.*)"$/, '$1');
  const partNumber = partNumberOf(number);
  if (partNumber === undefined) {
    throw malformed(`PartNumber is "${printable(number)}" where an integer between 1 and ${MAX_PARTS} is accepted.`);
  }
  if (etag === undefined || etag === '') throw malformed(`Part ${partNumber} has no ETag.`);
  return { partNumber, etag };
}

function malformed(message: string, cause?: unknown): DomainError {
  return new DomainError('PartListMalformed', message, {}, { cause });
}
