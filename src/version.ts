import { readFileSync } from 'node:fs';

/** The version in package.json, which stands one folder above this file, as source and built. */
export function stocktakeVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: unknown;
  };
  return String(version);
}
