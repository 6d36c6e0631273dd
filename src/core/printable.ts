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
