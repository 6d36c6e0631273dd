import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { adminApiPage } from './reference.ts';

test('docs/reference/admin-api.md says what the table says (else: npm run docs)', () => {
  const file = new URL('../../docs/reference/admin-api.md', import.meta.url);
  expect(readFileSync(file, 'utf8')).toBe(adminApiPage());
});
