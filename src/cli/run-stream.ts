/** A run as a server shows it: by a stream that is begun again when it is cut. */

import { setTimeout as delay } from 'node:timers/promises';
import { isOpen, type RunView } from '../core/run.ts';
import { readEvents } from './event-stream.ts';
import { ruleRequest } from './rule-request.ts';
import { type ServerClient, ServerError } from './server-client.ts';

/** A server that is there says something every 15 seconds. */
const SILENCE_MS = 60_000;
const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 10_000;
/** So long may a server be away: it may be started anew, and take up the run. */
const GIVE_UP_MS = 5 * 60_000;

export interface WatchedRun {
  readonly bucket: string;
  readonly rule: string;
  readonly run: string;
}

/** Each view of the run, up to that of its end. */
export async function* watchRun(client: ServerClient, watched: WatchedRun): AsyncGenerator<RunView> {
  let isSeen = false;
  let lostAtMs: number | undefined;
  let waitMs = FIRST_WAIT_MS;
  for (;;) {
    try {
      for await (const view of await openStream(client, watched)) {
        [isSeen, lostAtMs, waitMs] = [true, undefined, FIRST_WAIT_MS];
        yield view;
        if (!isOpen(view.state)) return;
      }
    } catch (error) {
      if (!isSeen || isLasting(error)) throw error;
      lostAtMs ??= performance.now();
      if (performance.now() - lostAtMs > GIVE_UP_MS) throw lost(watched, error);
    }
    await delay(waitMs);
    waitMs = Math.min(2 * waitMs, MAX_WAIT_MS);
  }
}

async function openStream(client: ServerClient, { bucket, rule, run }: WatchedRun): Promise<AsyncGenerator<RunView>> {
  const request = ruleRequest('GET', { bucket, rule }, { run, watch: undefined });
  const { body } = await client.send({ ...request, silenceMs: SILENCE_MS });
  return viewsIn(body);
}

async function* viewsIn(body: AsyncIterable<Uint8Array>): AsyncGenerator<RunView> {
  for await (const { name, data } of readEvents(body)) if (name === 'run') yield JSON.parse(data) as RunView;
}

/** What the server says of the request itself it will say again. */
function isLasting(error: unknown): boolean {
  return error instanceof ServerError && error.status < 500;
}

function lost({ bucket, rule, run }: WatchedRun, cause: unknown): Error {
  const text = `No server has answered for ${GIVE_UP_MS / 60_000} minutes. The run is not lost over that: watch it with "stocktake run watch ${bucket} ${rule} ${run}".`;
  return new Error(text, { cause });
}
