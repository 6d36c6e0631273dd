import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { referencePages } from './reference.ts';

test.each([...referencePages()])('docs/reference/%s says what the tables say (else: npm run docs)', (name, text) => {
  const file = new URL(`../../../docs/reference/${name}`, import.meta.url);
  expect(readFileSync(file, 'utf8')).toBe(text);
});
