import { expect, test } from 'vitest';
import { OTHER_ROOT, ROOT, userWith } from '../../test/identities.ts';
import { ANONYMOUS, type Identity } from './identity.ts';
import { identityKey, identityName } from './identity-name.ts';

const session = (sessionName: string): Identity => ({
  kind: 'session',
  accountId: '1000000000000000',
  accessKeyId: 'STS.secret-id',
  roleId: 'r1',
  roleName: 'auditor',
  sessionName,
  policies: [],
});

test.each([
  [ROOT, 'the root of account 1000000000000000'],
  [userWith([]), 'the user "anna"'],
  [session('of\nanna'), 'the session "of\uFFFDanna" of the role "auditor"'],
  [ANONYMOUS, 'somebody who signed nothing'],
])('%j is named without a key', (identity, name) => {
  expect(identityName(identity)).toBe(name);
});

test('all sessions of a role count as one, and everybody else as themselves', () => {
  expect(identityKey(session('one'))).toBe(identityKey(session('two')));
  const keys = [ROOT, OTHER_ROOT, userWith([]), session('one'), ANONYMOUS].map(identityKey);
  expect(new Set(keys).size).toBe(keys.length);
});
