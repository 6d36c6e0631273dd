/** Sets of tags, of an object or a bucket: what holds for both. What else a tag may be is theirs to say. */

import { DomainError, type ErrorCode } from './errors.ts';
import { printable } from './printable.ts';
import type { Tag } from './stored-object.ts';

export interface TagRules {
  readonly maxTags: number;
  readonly key: TextRules;
  readonly value: TextRules;
}

export interface TextRules {
  readonly maxBytes: number;
  /** What else is wrong with a text, as a sentence; undefined when nothing is. */
  readonly faultOf: (text: string) => string | undefined;
}

/** Throws, naming the tag, unless the tags may stand together on one thing. */
export function checkTagSet(tags: readonly Tag[], rules: TagRules): void {
  checkTagCount(tags.length, rules);
  const seen = new Set<string>();
  for (const { key, value } of tags) {
    if (key === '') {
      const accepted = `1 to ${rules.key.maxBytes} bytes are accepted`;
      throw new DomainError('InvalidTaggingKey', `The key of a tag is empty; ${accepted}.`);
    }
    checkText('key', key, rules.key);
    checkText('value', value, rules.value);
    if (seen.has(key)) {
      throw new DomainError('RepeatedTags', `The tag key "${printable(key)}" occurs twice; once is accepted.`);
    }
    seen.add(key);
  }
}

/** Throws `TooManyTags` unless so many may stand together on one thing. */
export function checkTagCount(count: number, { maxTags }: TagRules): void {
  if (count <= maxTags) return;
  throw new DomainError('TooManyTags', `There are ${count} tags where at most ${maxTags} are accepted.`);
}

const CODES = { key: 'InvalidTaggingKey', value: 'InvalidTag' } as const satisfies Record<string, ErrorCode>;

function checkText(what: keyof typeof CODES, text: string, { maxBytes, faultOf }: TextRules): void {
  const bytes = Buffer.byteLength(text);
  const fault =
    bytes > maxBytes
      ? `The tag ${what} "${printable(text)}" has ${bytes} bytes where at most ${maxBytes} are accepted.`
      : faultOf(text);
  if (fault !== undefined) throw new DomainError(CODES[what], fault);
}
