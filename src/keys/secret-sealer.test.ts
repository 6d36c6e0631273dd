import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { MasterKeys } from './master-keys.ts';
import { FileSecretSealer } from './secret-sealer.ts';

const FILE = { file: 'key.json', id: 'file-1', key: randomBytes(32) };
const SECRET = Buffer.from('s3cret of any length');

const sealer = new FileSecretSealer(FILE);

test('a secret opens under the name that it was sealed under, after a restart too, and tells the key file', () => {
  const { bytes, by } = sealer.seal('access-key:a', SECRET);
  expect(by).toBe('file-1');
  expect(new FileSecretSealer(FILE).open('access-key:a', bytes)).toEqual(SECRET);
});

test('it opens under no other name, by no other key file, and not when a bit of it was changed', () => {
  const { bytes } = sealer.seal('access-key:a', SECRET);
  expect(sealer.open('access-key:b', bytes)).toBeUndefined();
  expect(new FileSecretSealer({ ...FILE, key: randomBytes(32) }).open('access-key:a', bytes)).toBeUndefined();
  for (const at of [0, 1, 30, bytes.length - 1]) {
    const changed = Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 1 : byte));
    expect(sealer.open('access-key:a', changed)).toBeUndefined();
  }
  expect(sealer.open('access-key:a', new Uint8Array())).toBeUndefined();
});

test('no secret is taken for a master key of the same name, and no master key for a secret', () => {
  const masters = new MasterKeys(FILE);
  const sealedSecret = sealer.seal('team', randomBytes(32));
  const record = { id: 'team', kind: 'account', spec: 'SYMMETRIC', state: 'enabled', description: '' } as const;
  const facts = { ...record, isDefault: false, createdAtMs: 1 };
  expect(() => masters.open({ ...facts, sealed: sealedSecret })).toThrow('does not open');
  const sealedKey = masters.make('team');
  expect(masters.open({ ...facts, sealed: sealedKey })).toHaveLength(32);
  expect(sealer.open('team', sealedKey.bytes)).toBeUndefined();
});

test('nothing that is sealed shows the secret', () => {
  expect(Buffer.from(sealer.seal('name', SECRET).bytes).includes(SECRET)).toBe(false);
});
