/** docs/reference/limits.md says what the door's bounds are. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HTTP_BOUNDS } from '../src/http/bounds.ts';

const PAGE = readFileSync(new URL('../docs/reference/limits.md', import.meta.url), 'utf8');

test('the page of limits names every bound of the door, and no other value of it', () => {
  const rows = [...PAGE.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map(([, name, value]) => [name, value]);
  expect(rows).toEqual(Object.entries(HTTP_BOUNDS).map(([name, value]) => [name, shown(name, value)]));
});

function shown(name: string, value: number): string {
  if (name.endsWith('Bytes')) return value < 1024 * 1024 ? `${value / 1024} KiB` : `${value / 1024 / 1024} MiB`;
  if (!name.endsWith('Ms')) return value.toLocaleString('en-US');
  return value % 60_000 === 0 ? `${value / 60_000} min` : `${value / 1000} s`;
}
