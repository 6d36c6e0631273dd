import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isRunReasonCode, RUN_REASONS, type RunReasonFacts } from './run-reasons.ts';

const PAGE = new URL('../../docs/reference/runs.md', import.meta.url);

function rowOf([code, { states, means, remedy }]: [string, RunReasonFacts]): string {
  return `| \`${code}\` | ${states.map((state) => `\`${state}\``).join(', ')} | ${means} | ${remedy} |`;
}

test('the reference has every reason of a run, with what it means and what to do, and no other', () => {
  const page = readFileSync(PAGE, 'utf8');
  const table = page.slice(page.indexOf('| reason |')).split('\n\n')[0] ?? '';
  expect(table.trimEnd().split('\n').slice(2)).toEqual(Object.entries(RUN_REASONS).map(rowOf));
});

test('a code is a reason when it is in the table, and not when every object has it', () => {
  expect(isRunReasonCode('StorageFull')).toBe(true);
  expect(isRunReasonCode('NoSuchKey')).toBe(false);
  expect(isRunReasonCode('toString')).toBe(false);
});
