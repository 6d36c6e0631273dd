/**
 * What lies in the data folder of a server that has nothing to do: no upload half done, a body file for each entry and no
 * other, totals that a recount gives again, no rule without its bucket, no run that left files.
 */

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { BodyFiles } from '../../src/store/bodies/body-files.ts';
import { checkStore } from '../../src/store/check/check-store.ts';
import { type IndexDatabase, openIndex } from '../../src/store/index-database.ts';
import type { World } from './world.ts';

/** So long a server may go on in the background with what it has answered already. */
const MAX_BACKGROUND_MS = 5_000;
const POLL_MS = 50;

/** It only reads, and may be called while the server is there but idle. */
export async function checkFolder(world: World, { withBodies }: { readonly withBodies: boolean }): Promise<void> {
  const index = openIndex(path.join(world.data, 'store'));
  try {
    const deadline = Date.now() + MAX_BACKGROUND_MS;
    let problems = await faultsOf(world, index, withBodies);
    while (problems.length > 0 && Date.now() < deadline) {
      await delay(POLL_MS);
      problems = await faultsOf(world, index, withBodies);
    }
    world.problems.push(...problems);
  } finally {
    await index.root.close();
  }
}

async function faultsOf({ data }: World, index: IndexDatabase, withBodies: boolean): Promise<string[]> {
  const store = path.join(data, 'store');
  const problems: string[] = [];
  for (const folder of [path.join(store, 'staging'), path.join(data, 'spool')]) {
    for (const file of await readdir(folder)) problems.push(`"${file}" is left in ${path.basename(folder)}`);
  }
  const { filesToRemove } = await checkStore(index, BodyFiles.at(store), {
    withBodies,
    onFinding: (finding) => void problems.push(`the store check found ${JSON.stringify(finding)}`),
  });
  if (filesToRemove > 0) problems.push(`${filesToRemove} body files are still to be removed`);
  const buckets = new Set([...index.buckets.getRange()].map(({ value }) => value.id));
  problems.push(...faultsOfControl(path.join(data, 'control.sqlite'), buckets));
  return problems;
}

function faultsOfControl(file: string, buckets: ReadonlySet<string>): string[] {
  const database = new Sqlite(file, { readonly: true });
  try {
    const rules = database.prepare<[], { id: string; bucket_id: string }>('select id, bucket_id from rules').all();
    const left = "select id from runs where state in ('failed', 'cancelled') and swept = 0";
    const runs = database.prepare<[], { id: string }>(left).all();
    return [
      ...rules
        .filter((rule) => !buckets.has(rule.bucket_id))
        .map(({ id }) => `the rule "${id}" has outlived its bucket`),
      ...runs.map(({ id }) => `what run ${id} left was not swept`),
    ];
  } finally {
    database.close();
  }
}
