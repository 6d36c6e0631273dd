import { expect, test } from 'vitest';
import { decrypt, encrypt } from './xaes-256-gcm.ts';

/** The examples of the specification. */
const EXAMPLES = [
  { key: 0x01, context: '', sealed: 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271' },
  { key: 0x03, context: 'c2sp.org/XAES-256-GCM', sealed: '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d' },
].map(({ key, context, sealed }) => ({
  message: {
    key: Buffer.alloc(32, key),
    nonce: Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWX'),
    context: Buffer.from(context),
  },
  sealed: Buffer.from(sealed, 'hex'),
}));

test.each(EXAMPLES)('the examples of the specification come out, there and back', ({ message, sealed }) => {
  expect(encrypt(message, Buffer.from('XAES-256-GCM')).toString('hex')).toBe(sealed.toString('hex'));
  expect(decrypt(message, sealed)?.toString()).toBe('XAES-256-GCM');
});

test.each(EXAMPLES)('what is not whole is not decrypted', ({ message, sealed }) => {
  expect(decrypt({ ...message, context: Buffer.from('other') }, sealed)).toBeUndefined();
  for (const length of [0, 1, 15, 16, sealed.length - 1]) {
    expect(decrypt(message, sealed.subarray(0, length))).toBeUndefined();
  }
});
