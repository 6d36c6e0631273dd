/**
 * A client's text as it may stand in a message, a log line or an error body: cut to a bounded length, and with
 * every control, formatting, unassigned or line-breaking character shown as U+FFFD, so that nobody can forge a
 * second log line or turn the reading direction of the first.
 */
export function printable(text: string, maxCharacters = 100): string {
  // A character has at most two units; a text of megabytes is not taken apart to show its beginning.
  const characters = Array.from(text.slice(0, 2 * (maxCharacters + 1)));
  const head = characters
    .slice(0, maxCharacters)
    .join('')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD');
  return characters.length > maxCharacters ? `${head}…` : head;
}

/** A value of a document in a message: a text or number as it is, of all else the kind. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `"${printable(value)}"`;
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
