/**
 * Whether a pattern of a policy meets any of the texts of a form. A form has a fixed length, and some places in it vary
 * (`VARYING`, a digit of a hexadecimal number), so no single text stands for all of them: `*-a*` may deny one in sixteen.
 */

import { VARYING } from '../core/report.ts';

/** A text of the form that the pattern, with `*` and `?`, matches; undefined when it matches none. */
export function overlap(form: string, pattern: string): string | undefined {
  const text = Array.from(form);
  const [head = [], ...rest] = pattern.split('*').map((part) => Array.from(part));
  const tail = rest.pop();
  if (tail === undefined) {
    return head.length === text.length && place(text, head, 0) ? filled(text) : undefined;
  }
  const end = text.length - tail.length;
  if (end < head.length || !place(text, head, 0) || !place(text, tail, end)) return undefined;
  let at = head.length;
  // Parts never share a place of the text, so the leftmost fit of each leaves the most room for those after it.
  for (const part of rest) {
    while (at + part.length <= end && !place(text, part, at)) at++;
    if (at + part.length > end) return undefined;
    at += part.length;
  }
  return filled(text);
}

/** Fixes the places that vary to what the part says, if the whole part fits there. */
function place(text: string[], part: readonly string[], at: number): boolean {
  const fits = part.every((char, n) => char === '?' || char === text[at + n] || canVaryTo(text[at + n], char));
  if (fits) for (const [n, char] of part.entries()) if (char !== '?') text[at + n] = char;
  return fits;
}

function canVaryTo(place: string | undefined, char: string): boolean {
  return place === VARYING && /^[0-9a-f]$/.test(char);
}

const filled = (text: readonly string[]): string => text.join('').replaceAll(VARYING, '0');
