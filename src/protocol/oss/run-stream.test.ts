import { expect, onTestFinished, test, vi } from 'vitest';
import { runView } from '../../../test/run-view.ts';
import type { RunWatch } from './ports.ts';
import { runStream } from './run-stream.ts';

type News = Awaited<ReturnType<RunWatch['next']>>;

/** A watch with this to tell, and then nothing until it is left. */
function watchWith(news: readonly News[]) {
  const { promise: left, resolve } = Promise.withResolvers<undefined>();
  const queue = [...news];
  const watch = {
    waits: [] as number[],
    hasLeft: false,
    async next(quietMs: number): Promise<News> {
      watch.waits.push(quietMs);
      return queue.length > 0 ? queue.shift() : await left;
    },
    leave() {
      watch.hasLeft = true;
      resolve(undefined);
    },
  };
  return watch;
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('each view is an event of one line of data, and a quiet while a comment', async () => {
  const reason = { code: 'StorageFull', text: 'one line\nand another' };
  const [first, last] = [runView({ reason }), runView({ state: 'published' })];
  const watch = watchWith([first, 'quiet', last, undefined]);
  expect(await textOf(runStream(watch))).toBe(
    `event: run\ndata: ${JSON.stringify(first)}\n\n: no change\n\nevent: run\ndata: ${JSON.stringify(last)}\n\n`,
  );
  expect(watch.hasLeft).toBe(true);
});

test('the quiet is broken before anything on the way takes the connection for dead', async () => {
  const watch = watchWith(['quiet', undefined]);
  await textOf(runStream(watch));
  expect(Math.max(...watch.waits)).toBeLessThanOrEqual(15_000);
});

test('who leaves while nothing happens is let go at once', async () => {
  const watch = watchWith([]);
  const chunks = runStream(watch)[Symbol.asyncIterator]();
  const next = chunks.next();
  await chunks.return?.();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(watch.hasLeft).toBe(true);
});

test('a stream ends after a while, so that the permission for the next is asked again', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const watch = watchWith(Array.from({ length: 1000 }, () => 'quiet' as const));
  watch.next = async (quietMs) => {
    await vi.advanceTimersByTimeAsync(quietMs);
    return 'quiet';
  };
  const text = await textOf(runStream(watch));
  expect(text.match(/: no change/g)).toHaveLength(40);
  expect(watch.hasLeft).toBe(true);
});
