import { expect, test } from 'vitest';
import { allOf } from '../../test/all-of.ts';
import { readEvents } from './event-stream.ts';

async function* inChunksOf(bytes: number, text: string): AsyncGenerator<Uint8Array> {
  const whole = Buffer.from(text);
  for (let from = 0; from < whole.length; from += bytes) yield whole.subarray(from, from + bytes);
}

const read = (text: string, bytes = text.length) => allOf(readEvents(inChunksOf(bytes, text)));

test.each([1, 2, 3, 1000])('events are read however they arrive, in chunks of %d bytes', async (bytes) => {
  const text = 'event: run\ndata: {"a":"é"}\n\n: no change\n\nevent: run\ndata: 2\n\n';
  expect(await read(text, bytes)).toEqual([
    { name: 'run', data: '{"a":"é"}' },
    { name: 'run', data: '2' },
  ]);
});

test('data of several lines is one text', async () => {
  expect(await read('data: 1\ndata:2\n\n')).toEqual([{ name: 'message', data: '1\n2' }]);
});

test('an event that was cut is none', async () => {
  expect(await read('data: 1\n\ndata: 2\n')).toEqual([{ name: 'message', data: '1' }]);
});

test('an event without an end is given up', async () => {
  await expect(read(`data: ${'a'.repeat(2 * 1024 * 1024)}`, 64 * 1024)).rejects.toThrow('longer than any can be');
});
