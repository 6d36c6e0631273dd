/**
 * Durable PUTs of 4 KiB over HTTP, with so many in flight, beside the two things that bound them: what the disk takes
 * for as many bytes with as many syncs, and what the HTTP half costs by itself. The goal is 0.7 of the lesser of both
 * at 64 connections.
 */

import path from 'node:path';
import { appendLoop, commitLoop } from './commit-loop.ts';
import type { Contest, Figures } from './figures.ts';
import type { BenchFlags } from './flags.ts';
import { withFolder } from './leftovers.ts';
import { progress } from './progress.ts';
import { measurePuts } from './put-load.ts';
import { BENCH_BUCKET, BENCH_KEY, type MeasuredServer, ours, STORELESS_PROGRAM, withServer } from './server.ts';
import { WireClient } from './wire-client.ts';

const LESSER = 'lesser of commit loop and handler';
const GOALS: Readonly<Record<number, number>> = { 64: 0.7 };

export async function* benchPut(flags: BenchFlags): AsyncGenerator<Contest> {
  const { seconds, profile } = flags;
  for (const connections of flags.connections) {
    // Each in a fresh folder, one after the other: they would take the disk and the cores from each other.
    const inFolder = <T>(work: (folder: string) => Promise<T>) => withFolder(flags.folder, work);
    const say = (what: string) => progress(`put, ${connections} connections: ${what} for ${seconds} s`);
    const profileOf = (what: string) => profile && path.join(profile, `${what}-${connections}`);
    const load = { connections, seconds };

    say('ours');
    const served = await inFolder((folder) =>
      withServer({ program: ours(path.join(folder, 'data')), profile: profileOf('put') }, async (server) => {
        await makeBucket(server);
        return await measurePuts(server, load);
      }),
    );
    say('the commit loop');
    const commits = await inFolder(async (folder) => commitLoop(folder, load));
    say('the append loop');
    const appends = await inFolder(async (folder) => appendLoop(folder, load));
    say('the handler without storage');
    const storeless = await withServer({ program: STORELESS_PROGRAM, profile: profileOf('storeless') }, (server) =>
      measurePuts(server, load),
    );

    const goal = GOALS[connections];
    yield {
      name: `put-${connections}`,
      ours: served,
      references: {
        'commit loop': commits,
        'append loop': appends,
        'handler without storage': storeless,
        [LESSER]: lesser(commits, storeless),
      },
      ...(goal !== undefined && { goal: { reference: LESSER, ratio: goal } }),
    };
  }
}

async function makeBucket({ endpoint }: MeasuredServer): Promise<void> {
  const client = new WireClient({ endpoint, scheme: 'OSS', ...BENCH_KEY }, 1);
  await client.send({ method: 'PUT', bucket: BENCH_BUCKET });
  await client.close();
}

function lesser(one: Figures, other: Figures): Figures {
  const perSecond = Math.min(one.perSecond ?? Number.NaN, other.perSecond ?? Number.NaN);
  return { perSecond };
}
