import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { KEY_BYTES, openKey, sealKey } from './sealed-key.ts';

const key = randomBytes(KEY_BYTES);
const plain = randomBytes(KEY_BYTES);

test('a sealed key opens by the key and under the name it was sealed with, and by or under no other', () => {
  const sealed = sealKey(key, plain, 'photos');
  expect(openKey(key, sealed, 'photos')).toEqual(plain);
  expect(openKey(key, sealed, 'videos')).toBeUndefined();
  expect(openKey(randomBytes(KEY_BYTES), sealed, 'photos')).toBeUndefined();
});

test('sealing twice gives two forms, and none shows the key', () => {
  const [first, second] = [sealKey(key, plain, 'photos'), sealKey(key, plain, 'photos')];
  expect(first.equals(second)).toBe(false);
  expect(first.includes(plain)).toBe(false);
});

test('a form with any one bit flipped does not open, nor does one that is cut or longer', () => {
  const sealed = sealKey(key, plain, 'photos');
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = Buffer.from(sealed);
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect(openKey(key, flipped, 'photos')).toBeUndefined();
  }
  for (let length = 0; length < sealed.length; length++) {
    expect(openKey(key, sealed.subarray(0, length), 'photos')).toBeUndefined();
  }
  expect(openKey(key, Buffer.concat([sealed, Buffer.of(0)]), 'photos')).toBeUndefined();
});
