/**
 * Text that may hold what others have written, as it goes to a terminal: characters that order it about, or turn the
 * direction of what stands around them, are escaped where a format has a way to, and else shown as U+FFFD.
 */

import { Document, visit } from 'yaml';

/** Not the newlines and tabs that text is laid out with. */
const UNSAFE = /(?![\n\t])[\p{C}\p{Zl}\p{Zp}]/gu;

export function safeText(text: string): string {
  return text.replace(UNSAFE, '\uFFFD');
}

/** Says the same as without the escapes. */
export function formatJson(value: unknown, indent?: number): string {
  // What is left of such characters stands in strings; newlines and tabs are escaped there already.
  return JSON.stringify(value, null, indent).replace(UNSAFE, (character) => {
    return character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('');
  });
}

/** Says the same as the document without the references. */
export function safeXml(document: string): string {
  return document.replace(UNSAFE, (character) => `&#x${character.codePointAt(0)?.toString(16)};`);
}

/** Lines are never folded: a policy is compared by eye, and by diff. Says the same as without the escapes. */
export function formatYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, scalar) {
      // Only between these quotes has YAML escapes; and in a block, a line of blanks would lose them.
      if (typeof scalar.value === 'string' && /[\p{C}\p{Zl}\p{Zp}]/u.test(scalar.value)) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 }).replace(UNSAFE, (character) => {
    return `\\U${character.codePointAt(0)?.toString(16).padStart(8, '0')}`;
  });
}
