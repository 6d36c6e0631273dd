import { AssertionError } from 'node:assert/strict';
import { expect, test } from 'vitest';
import { DomainError } from './errors.ts';
import { TransientError, transientOf } from './transient-error.ts';

const ofDisk = (code: string) =>
  Object.assign(new Error(`${code}: no, write '/data/secret-path'`), {
    code,
    syscall: 'write',
    path: '/data/secret-path',
  });

test.each([
  ['a disk that is full', ofDisk('ENOSPC'), 'StorageFull'],
  ['a full disk that is told already', new DomainError('StorageFull', 'No room.'), 'StorageFull'],
  ['a fault of the disk', ofDisk('EIO'), 'InternalError'],
  ['an error that nobody expected', new Error('out of cheese'), 'InternalError'],
  ['a refusal that says nothing about runs', new DomainError('StorageUnusable', 'Start again.'), 'InternalError'],
  ['what is no error', 'out of cheese', 'InternalError'],
])('%s may pass', (_, error, code) => {
  expect(transientOf(error)).toMatchObject({ code, cause: error });
});

test.each([
  ['a refusal that a person has to mend', new DomainError('RoleLost', 'The role is gone.')],
  ['a broken promise of ours', new AssertionError({ message: 'shards overlap' })],
  ['an abort', new DOMException('stopped', 'AbortError')],
])('%s does not pass by itself', (_, error) => {
  expect(transientOf(error)).toBeUndefined();
});

test('a passing fault stays the one that it is', () => {
  const fault = new TransientError('InternalError', 'The store did not answer.');
  expect(transientOf(fault)).toBe(fault);
});

test('what is told of a fault of the system names no file of the server', () => {
  expect(transientOf(ofDisk('EIO'))?.message).toBe(
    "Something unexpected went wrong: EIO at write. The server's log has more.",
  );
});
