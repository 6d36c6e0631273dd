/** For an option that may be given again: its values in their order. */
export function collectValues(value: string, values: readonly string[] = []): string[] {
  return [...values, value];
}

/** Of a session: any number that may be one; the server knows the bounds. */
export const SECONDS = { min: 1, max: 1_000_000 };
