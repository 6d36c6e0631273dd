/** The nodes of a policy's JSON, bounded: objects with something in them, and lists of texts. */

import { malformedPolicy } from './policy-fault.ts';

export const POLICY_BOUNDS = {
  statements: 100,
  /** Of an action, a resource, a principal or a value of a condition; the longest object key and its bucket fit twice. */
  textCharacters: 2048,
  /** Of each list. */
  texts: 1000,
  /** Between two `*` of its patterns, all of them together: these alone make a decision take long. */
  searchedCharacters: 128,
} as const;

/** The members of an object that has some. */
export function readEntries(node: unknown, path: string): readonly (readonly [string, unknown])[] {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) {
    throw malformedPolicy(path, node, 'an object is accepted');
  }
  const entries = Object.entries(node);
  if (entries.length === 0) throw malformedPolicy(path, {}, 'one with members is accepted, or none at all');
  return entries;
}

/** A text, or a list of them that is not empty. */
export function readTexts(node: unknown, path: string): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(node) ? node : [node];
  if (texts.length === 0) throw malformedPolicy(path, node, 'a text or a list of them is accepted');
  if (texts.length > POLICY_BOUNDS.texts) {
    throw malformedPolicy(
      path,
      node,
      `at most ${POLICY_BOUNDS.texts} texts are accepted, and here are ${texts.length}`,
    );
  }
  return texts.map((text, index) => readText(text, Array.isArray(node) ? `${path}[${index}]` : path));
}

function readText(node: unknown, path: string): string {
  if (typeof node !== 'string') throw malformedPolicy(path, node, 'a text or a list of them is accepted');
  if (node.length > POLICY_BOUNDS.textCharacters || !node.isWellFormed()) {
    throw malformedPolicy(path, node, `at most ${POLICY_BOUNDS.textCharacters} characters of Unicode are accepted`);
  }
  return node;
}
