/** docs/reference/audit.md says what the code writes: every field, and lines as they are. */

import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { AuditEntry } from '../src/core/audit.ts';
import { auditLine, lostLine, suppressedLine } from '../src/data-folder/audit-line.ts';

const REFERENCE = await readFile(new URL('../docs/reference/audit.md', import.meta.url), 'utf8');
const EXAMPLES = (/```json\n(.*?)```/s.exec(REFERENCE)?.[1] ?? '').trimEnd().split('\n');

/** An entry with every field that there can be. */
const WHOLE: Required<Omit<AuditEntry, 'identity'>> & {
  readonly identity: Required<NonNullable<AuditEntry['identity']>>;
} = {
  outcome: 'refused',
  requestId: 'R',
  operation: 'O',
  action: 'a',
  resource: 'r',
  target: 't',
  identity: { kind: 'session', accountId: '1', name: 'n', session: 's', accessKeyId: 'k' },
  claimedAccessKeyId: 'c',
  sourceIp: 'i',
  userAgent: 'u',
  code: 'C',
  message: 'm',
};

const fieldsOf = (line: string): string[] =>
  Object.entries(JSON.parse(line) as Record<string, unknown>).flatMap(([name, value]) => [
    name,
    ...(name === 'identity' ? Object.keys(value as object).map((below) => `identity.${below}`) : []),
  ]);

test('the table names every field of a line, in the order of the line, and no other', () => {
  const rows = [...REFERENCE.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name]) => name);
  const counted = suppressedLine({ count: 1, sinceMs: 0, identity: undefined }, 0);
  expect(rows).toEqual([...new Set([...fieldsOf(auditLine(WHOLE, 0)), ...fieldsOf(counted)])]);
});

test.each(EXAMPLES)('an example is a line as the log writes it: %s', (example) => {
  const { time, since, ...entry } = JSON.parse(example) as AuditEntry & { time: string; since?: string; count: number };
  const nowMs = Date.parse(time);
  const lines: Record<string, () => string> = {
    lost: () => lostLine(entry.count, nowMs),
    suppressed: () =>
      suppressedLine({ count: entry.count, sinceMs: Date.parse(since ?? ''), identity: entry.identity }, nowMs),
  };
  expect(example).toBe((lines[entry.outcome] ?? (() => auditLine(entry, nowMs)))());
});

test('the examples show every outcome but one that looks like a refusal', () => {
  const outcomes = EXAMPLES.map((line) => (JSON.parse(line) as { outcome: string }).outcome);
  expect(outcomes).toEqual(['done', 'refused', 'refused', 'suppressed', 'lost']);
});
