/** What every executor promises, whatever it is: runs are done once each, fairly, and each ends as its state says. */

import { expect, test, vi } from 'vitest';
import { DomainError } from '../../src/core/errors.ts';
import { openRun, PHOTOS, putRule } from '../control-fixture.ts';
import { assertPromises, type MakeExecutor, openWorld, statesOf, untilOver } from './executor-world.ts';

export function executorContract(name: string, make: MakeExecutor): void {
  test(`${name}: publishing again after a restart gives the same bytes`, async () => {
    const world = await openWorld(make);
    await putRule(world.control);
    world.at = async (name) => {
      if (name === 'before published') await new Promise(() => undefined);
    };
    const first = world.start();
    await first.executor.recover();
    await vi.waitFor(() => expect([...world.engine.objects.keys()].join()).toContain('manifest.json'), { interval: 2 });
    const before = new Map(world.engine.objects);
    world.at = async () => undefined;
    world.control.clock.nowMs += 3_600_000;
    await world.start().executor.recover();
    await untilOver(world);
    expect(world.engine.objects).toEqual(before);
  });

  test(`${name}: an error that the engine expects ends the run in its words`, async () => {
    const world = await openWorld(make);
    world.engine.isDestinationGone = true;
    await putRule(world.control);
    const run = await openRun(world.control);
    const { executor, events } = world.start();
    await executor.recover();
    await untilOver(world);
    expect(await world.control.ledger.view({ bucketId: PHOTOS.id, ruleId: 'nightly-all' }, run.id)).toMatchObject({
      state: 'failed',
      reason: { code: 'DestinationGone', text: expect.stringContaining('Create it') },
      finishedAt: expect.any(String),
    });
    expect(events).toMatchObject([{ kind: 'started' }, { kind: 'failed', reason: { code: 'DestinationGone' } }]);
  });

  test(`${name}: a report that is visible is published, though a file of it was removed before the next start`, async () => {
    const world = await openWorld(make);
    await putRule(world.control);
    world.at = async (name) => {
      if (name === 'before published') await new Promise(() => undefined);
    };
    await world.start().executor.recover();
    await vi.waitFor(() => expect([...world.engine.objects.keys()].join()).toContain('manifest.json'), { interval: 2 });
    const dataFile = [...world.engine.objects.keys()].find((key) => key.includes('/data/')) ?? '';
    world.engine.objects.delete(dataFile);
    world.at = async () => undefined;
    await world.start().executor.recover();
    await untilOver(world);
    expect(await statesOf(world)).toEqual(['published']);
  });

  test(`${name}: a shard that fails stops the others, and its failure is the reason`, async () => {
    const world = await openWorld(make);
    await putRule(world.control);
    let scans = 0;
    world.at = async (name) => {
      if (name !== 'before scan') return;
      if (scans++ === 0) await new Promise(() => undefined); // A scan without end, but for being stopped.
      throw new DomainError('DestinationGone', 'The destination is gone.');
    };
    const { executor, events } = world.start();
    await executor.recover();
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ kind: 'failed' }), { interval: 2 });
    expect(events.at(-1)).toMatchObject({ reason: { code: 'DestinationGone' } });
    expect(scans).toBe(2);
  });

  test(`${name}: a rule that deletes itself is there until its report is visible, and gone when the run is over`, async () => {
    const world = await openWorld(make);
    await putRule(world.control, { schedule: { frequency: 'Once', autoDelete: true } });
    const seen: string[] = [];
    const isThere = async () => (await world.control.rules.find(PHOTOS.id, 'nightly-all')) !== undefined;
    world.at = async (name) => {
      if (name.endsWith('published') || name.endsWith('manifest')) seen.push(`${name}: ${await isThere()}`);
    };
    await world.start().executor.recover();
    await untilOver(world);
    await vi.waitFor(() => expect(seen).toHaveLength(4), { interval: 2 });
    expect(seen).toEqual([
      'before put manifest: true',
      'after put manifest: true',
      'before published: true',
      'after published: false',
    ]);
  });

  test(`${name}: a run that matches nothing ends empty and delivers nothing`, async () => {
    const world = await openWorld(make);
    world.engine.shards = [[], []];
    await putRule(world.control);
    await world.start().executor.recover();
    await untilOver(world);
    expect(await statesOf(world)).toEqual(['empty']);
    expect(world.engine.objects).toEqual(new Map());
  });

  test(`${name}: deleting a rule stops its scan at once`, async () => {
    const world = await openWorld(make);
    await putRule(world.control);
    const { promise: scanning, resolve } = Promise.withResolvers<void>();
    world.at = async (name) => {
      if (name !== 'before scan') return;
      resolve();
      await new Promise(() => undefined); // A scan without end, but for being stopped.
    };
    const { executor, events } = world.start();
    await executor.recover();
    await scanning;
    executor.cancel((await world.control.rules.delete(PHOTOS.id, 'nightly-all')) ?? '');
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ kind: 'cancelled' }), { interval: 2 });
    await executor.close();
    await assertPromises(world);
  });

  test(`${name}: closing in mid-scan leaves the run open, and the next executor takes it up`, async () => {
    const world = await openWorld(make);
    await putRule(world.control);
    const { promise: scanning, resolve } = Promise.withResolvers<void>();
    world.at = async (name) => {
      if (name !== 'before scan') return;
      resolve();
      await new Promise(() => undefined);
    };
    const first = world.start();
    await first.executor.recover();
    await scanning;
    await first.executor.close();
    expect(await statesOf(world)).toEqual(['scanning']);
    expect(first.events.map(({ kind }) => kind)).toEqual(['started']);

    world.at = async () => undefined;
    await world.start().executor.recover();
    await untilOver(world);
    expect(await statesOf(world)).toEqual(['published']);
    await assertPromises(world);
  });

  test(`${name}: two reports of one rule within a minute lie in two folders`, async () => {
    const world = await openWorld(make);
    const rule = await putRule(world.control);
    const { executor } = world.start();
    await executor.recover();
    await untilOver(world);
    await world.control.ledger.start(rule, 'manual');
    await executor.wake();
    await untilOver(world);
    expect([...world.engine.objects.keys()].filter((key) => key.endsWith('manifest.json'))).toEqual([
      'inv/photos/nightly-all/2026-10-04T16-00Z/manifest.json',
      'inv/photos/nightly-all/2026-10-04T16-01Z/manifest.json',
    ]);
  });

  test(`${name}: a folder with an older report in it is passed over`, async () => {
    const world = await openWorld(make);
    world.engine.objects.set('inv/photos/nightly-all/2026-10-04T16-00Z/manifest.json', 'of another life');
    await putRule(world.control);
    await world.start().executor.recover();
    await untilOver(world);
    expect(world.engine.objects.get('inv/photos/nightly-all/2026-10-04T16-00Z/manifest.json')).toBe('of another life');
    expect([...world.engine.objects.keys()]).toContain('inv/photos/nightly-all/2026-10-04T16-01Z/manifest.json');
  });

  test(`${name}: what cannot be swept now is swept at the next start`, async () => {
    const world = await openWorld(make);
    await putRule(world.control);
    world.at = async (name) => {
      if (name === 'before publishing') throw new Error('out of cheese');
      if (name === 'before removeFiles' && world.engine.objects.size > 0) throw new Error('the disk said no');
    };
    const first = world.start();
    await first.executor.recover();
    await vi.waitFor(() => expect(first.events.at(-1)).toMatchObject({ kind: 'unswept' }), { interval: 2 });
    expect(world.engine.objects.size).toBe(3);
    world.at = async () => undefined;
    await world.start().executor.recover();
    await assertPromises(world);
    expect(await world.control.ledger.unswept()).toEqual([]);
  });
}
