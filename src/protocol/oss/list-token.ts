/**
 * The continuation token of a listing. Opaque to clients: a letter for the form, and the last entry of the page before,
 * which is a key or a common prefix. It holds no state of ours, so it is good on every server and for as long as liked.
 */

const FORM = 'A';

/** The token of a page that begins after this entry. */
export function tokenOf(marker: string): string {
  return `${FORM}${Buffer.from(marker).toString('base64url')}`;
}

/** The entry that a token names; undefined when the text is no token of ours. */
export function markerOf(token: string): string | undefined {
  const marker = Buffer.from(token.slice(FORM.length), 'base64url').toString();
  // Decoding is lenient: what comes back as another text was never given out.
  return tokenOf(marker) === token ? marker : undefined;
}
