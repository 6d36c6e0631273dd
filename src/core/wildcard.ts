/**
 * Patterns of policies: `*` is any run of characters, also none, and `?` is exactly one (a character outside the basic
 * plane counts as one). Written by hand, because a RegExp built from somebody's pattern takes exponential time on some.
 */

/**
 * Whether the pattern fits the whole text. What stands before its first `*` has its place at the beginning of the text,
 * what stands behind the last at the end; only what stands between two is looked for all over, in time that both lengths
 * multiplied bound.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  const [head = '', ...searched] = pattern.split('*');
  const tail = searched.pop();
  let at = endOfFit(head, text, 0);
  if (tail === undefined) return at === text.length;
  // The leftmost fit of each part leaves the most room for those behind it.
  for (const part of searched) {
    if (at === NOWHERE) return false;
    at = endOfFirstFit(part, text, at);
  }
  return at !== NOWHERE && at <= startOfTail(tail, text);
}

/** Characters of the pattern that stand between two `*`: what makes it dear to match. */
export function searchedCharacters(pattern: string): number {
  return pattern.split('*').slice(1, -1).join('').length;
}

const NOWHERE = -1;
const QUESTION_MARK = 0x3f;

/** Where a part without `*` ends that begins at `start`. */
function endOfFit(part: string, text: string, start: number): number {
  let t = start;
  for (let p = 0; p < part.length; p++) {
    const wanted = part.charCodeAt(p);
    if (t === text.length || (wanted !== QUESTION_MARK && wanted !== text.charCodeAt(t))) return NOWHERE;
    t += wanted === QUESTION_MARK ? widthAt(text, t) : 1;
  }
  return t;
}

/** Where a part without `*` begins that ends with the text. */
function startOfTail(part: string, text: string): number {
  let t = text.length;
  for (let p = part.length - 1; p >= 0; p--) {
    const wanted = part.charCodeAt(p);
    if (t === 0 || (wanted !== QUESTION_MARK && wanted !== text.charCodeAt(t - 1))) return NOWHERE;
    t -= wanted === QUESTION_MARK ? widthBefore(text, t) : 1;
  }
  return t;
}

/** Where the first of a part's fits ends that begin at `from` or behind it. */
function endOfFirstFit(part: string, text: string, from: number): number {
  if (!part.includes('?')) {
    const start = text.indexOf(part, from);
    return start < 0 ? NOWHERE : start + part.length;
  }
  for (let start = from; start + part.length <= text.length; start += widthAt(text, start)) {
    const end = endOfFit(part, text, start);
    if (end !== NOWHERE) return end;
  }
  return NOWHERE;
}

/** Two units for a character outside the basic plane. */
function widthAt(text: string, at: number): number {
  const isPair = isBetween(text.charCodeAt(at), 0xd800, 0xdbff) && isBetween(text.charCodeAt(at + 1), 0xdc00, 0xdfff);
  return isPair ? 2 : 1;
}

function widthBefore(text: string, at: number): number {
  return at > 1 ? widthAt(text, at - 2) : 1;
}

function isBetween(code: number, first: number, last: number): boolean {
  return code >= first && code <= last;
}
