import { expect, onTestFinished, test, vi } from 'vitest';
import { runView } from '../../test/run-view.ts';
import { DomainError } from '../core/errors.ts';
import type { RunView } from '../core/run.ts';
import type { RunAddress, RunFollower } from './followed-run.ts';
import {
  type FollowerName,
  MAX_FOLLOWERS,
  MAX_FOLLOWERS_OF_ACCOUNT,
  MAX_FOLLOWERS_OF_ONE,
  RunFeed,
} from './run-feed.ts';

const QUIET_MS = 15_000;
const address = (runId = 'run1'): RunAddress => ({ bucketId: 'b1', ruleId: 'nightly', runId });

const ANNA = name('anna');
const BEN = name('ben');

function name(identity: string, account = 'acme'): FollowerName {
  return { identity, account };
}

/** A feed of runs that a test changes, which counts how often it read them. */
function feedOf(run: RunView = runView()) {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const world = { run, reads: 0, fault: undefined as Error | undefined, faults: [] as unknown[] };
  const feed = new RunFeed({
    view: async (asked) => {
      world.reads += 1;
      if (world.fault !== undefined) throw world.fault;
      return { ...world.run, id: asked.runId };
    },
    onFault: (error) => world.faults.push(error),
  });
  return { feed, world };
}

/** Lets all due timers ring for so long. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

const scannedOf = (news: Awaited<ReturnType<RunFollower['next']>>) => (typeof news === 'object' ? news.scanned : news);

test('whoever follows a run is shown it at once, and then each change', async () => {
  const { feed, world } = feedOf(runView({ state: 'scanning', scanned: 1 }));
  const follower = await feed.follow(address(), ANNA);
  expect(scannedOf(await follower.next(QUIET_MS))).toBe(1);
  const next = follower.next(QUIET_MS);
  world.run = runView({ state: 'scanning', scanned: 2 });
  feed.changed('run1');
  await pass(300);
  expect(scannedOf(await next)).toBe(2);
});

test('a run that did not change is quiet', async () => {
  const { feed } = feedOf();
  const follower = await feed.follow(address(), ANNA);
  await follower.next(QUIET_MS);
  const next = follower.next(QUIET_MS);
  feed.changed('run1');
  await pass(QUIET_MS);
  expect(await next).toBe('quiet');
});

test('a run is read once per change for all who follow it, and at most four times a second', async () => {
  const { feed, world } = feedOf(runView({ state: 'scanning' }));
  const followers = await Promise.all(
    Array.from({ length: 20 }, (_, who) => feed.follow(address(), name(`who-${who}`))),
  );
  await pass(1000);
  const readsBefore = world.reads;
  for (let ms = 0; ms < 1000; ms += 10) {
    world.run = runView({ state: 'scanning', scanned: ms });
    feed.changed('run1');
    await pass(10);
  }
  expect(world.reads - readsBefore).toBeGreaterThan(2);
  expect(world.reads - readsBefore).toBeLessThanOrEqual(5);
  await pass(300);
  for (const follower of followers) expect(scannedOf(await follower.next(QUIET_MS))).toBe(990);
});

test('who is slow gets the newest view, and nothing that came before it', async () => {
  const { feed, world } = feedOf();
  const follower = await feed.follow(address(), ANNA);
  for (const scanned of [1, 2, 3]) {
    world.run = runView({ state: 'scanning', scanned });
    feed.changed('run1');
    await pass(300);
  }
  expect(scannedOf(await follower.next(QUIET_MS))).toBe(3);
  const next = follower.next(QUIET_MS);
  await pass(QUIET_MS);
  expect(await next).toBe('quiet');
});

test('a change that nobody told of is seen all the same', async () => {
  const { feed, world } = feedOf();
  const follower = await feed.follow(address(), ANNA);
  await follower.next(QUIET_MS);
  const next = follower.next(QUIET_MS);
  world.run = runView({ state: 'failed' });
  await pass(QUIET_MS - 1);
  expect(await next).toMatchObject({ state: 'failed' });
});

test('what happens to a rule is seen at the runs that are followed', async () => {
  const { feed, world } = feedOf();
  const follower = await feed.follow(address(), ANNA);
  await follower.next(QUIET_MS);
  await pass(300);
  const next = follower.next(QUIET_MS);
  world.run = runView({ state: 'cancelled' });
  feed.ruleChanged('b1', 'another');
  await pass(300);
  feed.ruleChanged('b1', 'nightly');
  await pass(300);
  expect(await next).toMatchObject({ state: 'cancelled' });
});

test.each(['published', 'empty', 'failed', 'cancelled'] as const)(
  'a run that is %s is shown, and then it is over',
  async (state) => {
    const { feed } = feedOf(runView({ state }));
    const follower = await feed.follow(address(), ANNA);
    expect(await follower.next(QUIET_MS)).toMatchObject({ state });
    expect(await follower.next(QUIET_MS)).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  },
);

test('a run that the history has let go is over', async () => {
  const { feed, world } = feedOf();
  const follower = await feed.follow(address(), ANNA);
  await follower.next(QUIET_MS);
  const next = follower.next(QUIET_MS);
  world.fault = new DomainError('NoSuchRun', 'gone');
  feed.changed('run1');
  await pass(300);
  expect(await next).toBeUndefined();
  expect(world.faults).toEqual([]);
});

test('a database that fails for a while is told of, and keeps nobody from the rest', async () => {
  const { feed, world } = feedOf();
  const follower = await feed.follow(address(), ANNA);
  await follower.next(QUIET_MS);
  const next = follower.next(QUIET_MS);
  world.fault = new Error('the disk said no');
  feed.changed('run1');
  await pass(300);
  expect(world.faults).toEqual([world.fault]);
  world.fault = undefined;
  world.run = runView({ state: 'published' });
  await pass(6000);
  expect(await next).toMatchObject({ state: 'published' });
});

test('a run that is not there takes no place', async () => {
  const { feed, world } = feedOf();
  world.fault = new DomainError('NoSuchRun', 'none');
  for (let each = 0; each <= MAX_FOLLOWERS_OF_ONE; each++) {
    await expect(feed.follow(address(), ANNA)).rejects.toMatchObject({ code: 'NoSuchRun' });
  }
  expect(vi.getTimerCount()).toBe(0);
});

test('one can take so many places and no more, until one is given back', async () => {
  const { feed } = feedOf();
  const followers = await Promise.all(Array.from({ length: MAX_FOLLOWERS_OF_ONE }, () => feed.follow(address(), ANNA)));
  await expect(feed.follow(address(), ANNA)).rejects.toMatchObject({ code: 'WatchUnavailable' });
  const other = await feed.follow(address(), BEN);
  followers[0]?.leave();
  // A second time gives back nothing.
  followers[0]?.leave();
  await feed.follow(address(), ANNA);
  await expect(feed.follow(address(), ANNA)).rejects.toMatchObject({ code: 'WatchUnavailable' });
  other.leave();
});

test('an account can take so many places and no more, and leaves the rest to others', async () => {
  const { feed } = feedOf();
  const follow = (each: number) => feed.follow(address(), name(`user-${each}`));
  const followers = await Promise.all(Array.from({ length: MAX_FOLLOWERS_OF_ACCOUNT }, (_, each) => follow(each)));
  await expect(follow(-1)).rejects.toMatchObject({ code: 'WatchUnavailable' });
  await feed.follow(address(), name('user-1', 'other'));
  followers[0]?.leave();
  await follow(-1);
});

test('all together can take so many places and no more', async () => {
  const { feed } = feedOf();
  const follow = (run: string, each: number) => feed.follow(address(run), name('root', `account-${each}`));
  const followers = await Promise.all(
    Array.from({ length: MAX_FOLLOWERS }, (_, each) => follow(`run${each % 3}`, each)),
  );
  await expect(follow('run1', -1)).rejects.toMatchObject({ code: 'WatchUnavailable' });
  for (const follower of followers) follower.leave();
  expect(vi.getTimerCount()).toBe(0);
  await follow('run1', -1);
});

test('whoever leaves ends their own wait, and the last one the looking', async () => {
  const { feed, world } = feedOf();
  const [one, two] = [await feed.follow(address(), ANNA), await feed.follow(address(), BEN)];
  for (const follower of [one, two]) await follower.next(QUIET_MS);
  const next = one.next(QUIET_MS);
  one.leave();
  expect(await next).toBeUndefined();
  two.leave();
  expect(vi.getTimerCount()).toBe(0);
  const { reads } = world;
  feed.changed('run1');
  await pass(QUIET_MS);
  expect(world.reads).toBe(reads);
});

test('a feed that is closed ends all who follow, and takes none', async () => {
  const { feed } = feedOf();
  const followers = [await feed.follow(address('run1'), ANNA), await feed.follow(address('run2'), ANNA)];
  for (const follower of followers) await follower.next(QUIET_MS);
  const waits = followers.map((follower) => follower.next(QUIET_MS));
  feed.close();
  expect(await Promise.all(waits)).toEqual([undefined, undefined]);
  await expect(feed.follow(address(), ANNA)).rejects.toMatchObject({ code: 'WatchUnavailable' });
  expect(vi.getTimerCount()).toBe(0);
});
