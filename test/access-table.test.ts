import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { accessPage } from './access-table.ts';

test('docs/reference/access.md says what requests come to (else: npm run docs)', async () => {
  const file = new URL('../docs/reference/access.md', import.meta.url);
  expect(readFileSync(file, 'utf8')).toBe(await accessPage());
});
