import Sqlite from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { PreparedStatements } from './prepared-statements.ts';

function openStatements(): PreparedStatements {
  const statements = new PreparedStatements(new Sqlite(':memory:'));
  onTestFinished(() => statements.close());
  return statements;
}

test('a statement that was prepared is used again, with other values', () => {
  const statements = openStatements();
  const first = statements.prepare('select ? as value');
  expect(first.all([1])).toEqual([{ value: 1 }]);
  expect(statements.prepare('select ? as value')).toBe(first);
  expect(first.all([2])).toEqual([{ value: 2 }]);
});

test('so many are kept, and the one that goes is the one that was not used for longest', () => {
  const statements = openStatements();
  const used = statements.prepare('select -1');
  const unused = statements.prepare('select -2');
  for (let i = 0; i < 1000; i++) {
    statements.prepare(`select ${i}`);
    expect(statements.prepare('select -1')).toBe(used);
  }
  expect(statements.kept).toBe(256);
  expect(statements.prepare('select -2')).not.toBe(unused);
});
