/** Tags of an object: what makes a legal set of them (protocol sheet, section 5.9), and how a header spells one. */

import { DomainError } from './errors.ts';
import { printable } from './printable.ts';
import { parseQuery, type Query } from './request-target.ts';
import type { Tag } from './stored-object.ts';
import { checkTagCount, checkTagSet, type TagRules } from './tag-set.ts';

const LEGAL_TEXT = /^[A-Za-z0-9 +\-=._:/]*$/;

const RULES: TagRules = {
  maxTags: 10,
  key: { maxBytes: 128, faultOf: (text) => faultOf('key', text) },
  value: { maxBytes: 256, faultOf: (text) => faultOf('value', text) },
};

/** Throws, naming the tag, unless the tags may stand together on an object. */
export function checkObjectTags(tags: readonly Tag[]): void {
  checkTagSet(tags, RULES);
}

/** The tags of a header like `k=v&k2=v2`, percent-encoded; throws unless they are legal. */
export function readTags(header: string): Tag[] {
  // Before they are parsed, which is refused from some number on, as if they could not be read.
  checkTagCount(header.split('&').filter((part) => part !== '').length, RULES);
  const tags = parsePairs(header).pairs.map(([key, value]) => ({ key, value }));
  checkObjectTags(tags);
  return tags;
}

function parsePairs(header: string): Query {
  try {
    return parseQuery(header);
  } catch (error) {
    const accepted = 'percent-encoded pairs like "k=v&k2=v2" are accepted';
    const message = `The tags "${printable(header)}" can't be read where ${accepted}.`;
    throw new DomainError('InvalidTag', message, {}, { cause: error });
  }
}

function faultOf(what: string, text: string): string | undefined {
  if (LEGAL_TEXT.test(text)) return undefined;
  return `The tag ${what} "${printable(text)}" has a character that is none of A-Z a-z 0-9, blank and + - = . _ : /`;
}
