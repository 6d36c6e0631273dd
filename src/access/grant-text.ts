/** A policy document as one line of JSON for a message. Whatever could garble the line is escaped, and parses all the same. */
export function grantText(document: object): string {
  return JSON.stringify(document).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) =>
    Array.from({ length: char.length }, (_, n) => escaped(char.charCodeAt(n))).join(''),
  );
}

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
