import { expect, test } from 'vitest';
import { SeenNonces } from './seen-nonces.ts';

const NOW = Date.UTC(2026, 10, 22, 15);
const MINUTE_MS = 60_000;

test('a nonce is used once by a key, and by another too', () => {
  const seen = new SeenNonces(10);
  seen.add(nonce('a'), NOW);
  seen.add({ ...nonce('a'), accessKeyId: 'other' }, NOW);
  seen.add(nonce('b'), NOW);
  for (const again of [nonce('a'), { ...nonce('a'), staleAtMs: NOW + MINUTE_MS }]) {
    expect(() => seen.add(again, NOW)).toThrow('Specified signature nonce was used already.');
  }
});

test('a key and a nonce are two things', () => {
  const seen = new SeenNonces(10);
  seen.add({ ...nonce('bc'), accessKeyId: 'a' }, NOW);
  seen.add({ ...nonce('c'), accessKeyId: 'ab' }, NOW);
});

test('a nonce is remembered for as long as its timestamp is good, and then forgotten', () => {
  const seen = new SeenNonces(2);
  seen.add(nonce('a'), NOW);
  const { staleAtMs } = nonce('a');
  expect(() => seen.add(nonce('a'), staleAtMs)).toThrow('used already');
  seen.add(nonce('a'), staleAtMs + MINUTE_MS);
});

test('a memory that is full takes no further nonce until one is forgotten', () => {
  const seen = new SeenNonces(4);
  seen.add(nonce('a'), NOW);
  seen.add({ ...nonce('b'), staleAtMs: NOW + 30 * MINUTE_MS }, NOW);
  expect(() => seen.add(nonce('c'), NOW)).toThrow('Request was denied due to user flow control.');
  expect(() => seen.add(nonce('a'), NOW)).toThrow('used already');
  seen.add({ ...nonce('c'), staleAtMs: NOW + 30 * MINUTE_MS }, NOW + 16 * MINUTE_MS);
  expect(() => seen.add(nonce('d'), NOW + 16 * MINUTE_MS)).toThrow('flow control');
});

test('an account that takes all it gets leaves as much to others', () => {
  const seen = new SeenNonces(8);
  const add = (accountId: string, text: string) => seen.add({ ...nonce(text), accountId }, NOW);
  for (const text of ['a', 'b', 'c', 'd']) add('greedy', text);
  expect(() => add('greedy', 'e')).toThrow('flow control');
  add('other', 'f');
  add('other', 'g');
  expect(() => add('other', 'h')).toThrow('flow control');
  add('third', 'i');
});

function nonce(text: string) {
  return { accountId: 'account', accessKeyId: 'ak', nonce: text, staleAtMs: NOW + 15 * MINUTE_MS };
}
