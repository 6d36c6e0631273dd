/** What a person got wrong in a command's words: exit code 2, as for commander's own refusals. */
export class UsageError extends Error {}

/** The number that an option gives, or a refusal that names the option. */
export function wholeNumber(text: string, option: string, { min, max }: { min: number; max: number }): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new UsageError(`${option} is "${text}" where a whole number from ${min} to ${max} is expected.`);
}
