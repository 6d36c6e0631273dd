import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { BodyDigest, digestsOf } from './body-digest.ts';

async function streamed(...chunks: string[]) {
  const digest = await BodyDigest.create();
  for (const chunk of chunks) digest.update(Buffer.from(chunk));
  return digest.finish();
}

test('the CRC-64 is that of ECMA-182 in the form that OSS reports', async () => {
  expect((await streamed('123456789')).crc64).toBe(11_051_210_869_376_104_954n);
  expect((await streamed()).crc64).toBe(0n);
});

test('a body in pieces has the digests of the whole', async () => {
  expect(await streamed('1234', '', '56789')).toEqual(await streamed('123456789'));
  expect((await streamed('1234', '56789')).md5).toEqual(createHash('md5').update('123456789').digest());
});

test('a body that is there whole has the digests of the same body in a stream', async () => {
  for (const text of ['', 'x', '123456789']) expect(digestsOf(Buffer.from(text))).toEqual(await streamed(text));
});

test('bodies that arrive at once do not mix, and a digest that was given up leaves no trace', async () => {
  const abandoned = await BodyDigest.create();
  abandoned.update(Buffer.from('left'));
  const one = await BodyDigest.create();
  const other = await BodyDigest.create();
  one.update(Buffer.from('12345'));
  other.update(Buffer.from('other'));
  one.update(Buffer.from('6789'));
  expect(one.finish()).toEqual(await streamed('123456789'));
  expect(other.finish()).toEqual(await streamed('other'));
});
