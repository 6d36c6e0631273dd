/** A mixed load on a server until it is killed. */

import { Change, connect, type LoadCounts } from './change.ts';
import { changeUser, putPolicy } from './load-access.ts';
import { createKey, deleteRule, passBucket, putRule, startRun, switchKey } from './load-control.ts';
import { copyObject, deleteObject, deleteObjects, putObject, tagObject } from './load-objects.ts';
import { abortUpload, completeUpload, initiateUpload, putPart } from './load-uploads.ts';
import { deleteVersion, hideVersions, putVersion, tagVersion } from './load-versions.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

const WORKERS = 16;

type Action = (change: Change) => Promise<void>;

/** What the load consists of, and how often each comes. */
const ACTIONS: readonly (readonly [weight: number, action: Action])[] = [
  [30, putObject],
  [8, deleteObject],
  [4, deleteObjects],
  [5, copyObject],
  [5, tagObject],
  [10, putVersion],
  [3, hideVersions],
  [7, deleteVersion],
  [2, tagVersion],
  [5, initiateUpload],
  [8, putPart],
  [6, completeUpload],
  [1, abortUpload],
  [3, putRule],
  [1, deleteRule],
  [3, startRun],
  [3, passBucket],
  [1, createKey],
  [2, switchKey],
  [4, changeUser],
  [2, putPolicy],
];
const TOTAL_WEIGHT = ACTIONS.reduce((sum, [weight]) => sum + weight, 0);

/** Resolves when `signal` is aborted and all answers are there, or sure not to come. */
export async function runLoad(world: World, endpoint: string, signal: AbortSignal): Promise<LoadCounts> {
  const client = connect(endpoint);
  const counts = { acknowledged: 0, inDoubt: 0 };
  const change = new Change({ world, client, signal, counts });
  const work = async () => {
    while (!signal.aborted) await chooseAction(world.random)(change);
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  await client.close();
  return counts;
}

function chooseAction(random: Random): Action {
  let at = random.between(0, TOTAL_WEIGHT);
  for (const [weight, action] of ACTIONS) {
    at -= weight;
    if (at < 0) return action;
  }
  throw new Error('the weights of the actions have no end');
}
