/**
 * Memory under many uploads at once: the most that was resident in a fresh server while so many bodies of one length
 * came in side by side, and again for a longer length. Memory that doesn't grow with the bodies gives the same figure;
 * the goal is within a tenth.
 */

import { randomBytes } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Contest, Figures } from './figures.ts';
import type { BenchFlags } from './flags.ts';
import { withFolder } from './leftovers.ts';
import { progress } from './progress.ts';
import { BENCH_BUCKET, BENCH_KEY, ours, withServer } from './server.ts';
import { WireClient } from './wire-client.ts';

const MEBIBYTE = 1024 * 1024;
const CHUNK = randomBytes(64 * 1024);
/** Free space that is asked for beyond the bodies. */
const SLACK_BYTES = 1024 * MEBIBYTE;

export async function* benchStreams(flags: BenchFlags): AsyncGenerator<Contest> {
  const lengths = [...flags.mebibytes].sort((a, b) => a - b);
  const longest = lengths.pop();
  if (longest === undefined) return;
  const { bavail, bsize } = await statfs(flags.folder);
  const needed = flags.streams * longest * MEBIBYTE + SLACK_BYTES;
  if (bavail * bsize < needed) {
    throw new Error(
      `"${flags.folder}" has ${gigabytes(bavail * bsize)} GB free where ${gigabytes(needed)} are needed.`,
    );
  }
  const references: Record<string, Figures> = {};
  for (const length of lengths) references[`ours with ${length} MiB each`] = await measure(length, flags);
  const reference = Object.keys(references)[0];
  yield {
    name: `streams-${flags.streams}x${longest}MiB`,
    ours: await measure(longest, flags),
    references,
    comparedBy: { figure: 'peakMegabytes', better: 'less' },
    ...(reference !== undefined && { goal: { reference, ratio: 0.91 } }),
  };
}

function measure(mebibytes: number, { folder, streams, profile }: BenchFlags): Promise<Figures> {
  progress(`streams: ${streams} of ${mebibytes} MiB each`);
  return withFolder(folder, (own) =>
    withServer({ program: ours(path.join(own, 'data')), profile }, async (server) => {
      const client = new WireClient({ endpoint: server.endpoint, scheme: 'OSS', ...BENCH_KEY }, streams);
      try {
        await client.send({ method: 'PUT', bucket: BENCH_BUCKET });
        const idleMegabytes = await server.peakMegabytes();
        const startedAt = performance.now();
        await upload(client, streams, mebibytes * MEBIBYTE);
        const seconds = (performance.now() - startedAt) / 1000;
        const mebibytesPerSecond = (streams * mebibytes) / seconds;
        return { peakMegabytes: await server.peakMegabytes(), idleMegabytes, mebibytesPerSecond };
      } finally {
        await client.close();
      }
    }),
  );
}

/** No body goes on after its first chunk before every other has begun, so all are under way at once. */
async function upload(client: WireClient, streams: number, bodyBytes: number): Promise<void> {
  const allBegan = Promise.withResolvers<void>();
  let begun = 0;
  const makeBody = async function* () {
    for (let left = bodyBytes; left > 0; left -= CHUNK.length) {
      yield CHUNK.subarray(0, Math.min(CHUNK.length, left));
      if (left !== bodyBytes) continue;
      if (++begun === streams) allBegan.resolve();
      await allBegan.promise;
    }
  };
  await Promise.all(
    Array.from({ length: streams }, (_, i) =>
      client.send({ method: 'PUT', bucket: BENCH_BUCKET, key: `stream-${i}`, body: makeBody(), bodyBytes }),
    ),
  );
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
