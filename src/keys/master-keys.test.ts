import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { MAX_OPEN_KEYS, MasterKeys } from './master-keys.ts';

const WIPED = Buffer.alloc(32);

function open(masters: MasterKeys, id: string, sealed = masters.make(id)) {
  return masters.open({
    id,
    kind: 'account',
    spec: 'SYMMETRIC',
    state: 'enabled',
    description: '',
    isDefault: false,
    createdAtMs: 0,
    sealed,
  });
}

test('keys are kept open up to a bound; the one that was not used for longest is wiped', () => {
  const masters = new MasterKeys({ file: 'key.json', id: 'key-file', key: randomBytes(32) });
  const [first, second] = [open(masters, 'first'), open(masters, 'second')];
  for (let count = 2; count < MAX_OPEN_KEYS; count++) open(masters, `key-${count}`);
  expect(open(masters, 'first')).toBe(first);
  open(masters, 'one more');
  expect(second).toEqual(WIPED);
  expect(first).not.toEqual(WIPED);
});

test('a key that is to be forgotten is wiped, and opened anew from its sealed form', () => {
  const masters = new MasterKeys({ file: 'key.json', id: 'key-file', key: randomBytes(32) });
  const sealed = masters.make('photos');
  const before = open(masters, 'photos', sealed);
  const copy = Buffer.from(before);
  masters.forget('photos');
  expect(before).toEqual(WIPED);
  expect(open(masters, 'photos', sealed)).toEqual(copy);
});
