/** JSON in which an object names a key twice: `JSON.parse` keeps the last in silence, other readers the first. */

/** A text and, where it is a key, its colon; or what opens and closes. */
const TOKEN = /"((?:[^"\\]|\\.)*)"(\s*:)?|[{}[\]]/g;

/** The first key that an object of the document names again. The text must be valid JSON. */
export function findRepeatedKey(text: string): string | undefined {
  // The keys of each object that is open, innermost last; of a list, undefined.
  const open: (Set<string> | undefined)[] = [];
  for (const [token, inner = '', colon] of text.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined) {
      const key: string = inner.includes('\\') ? JSON.parse(`"${inner}"`) : inner;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}
