/** Changes of versions in the bucket with versioning. */

import { type Change, newGeneration, step } from './change.ts';
import { taggingDocument } from './load-objects.ts';
import { VERSIONED } from './names.ts';
import { bodyOf, factsOf, GENERATION_HEADER, sizeOf } from './object-facts.ts';
import type { VersionedPlace, VersionFacts } from './world.ts';

const VERSION_HEADER = 'x-oss-version-id';
const MAX_VERSIONS = 6;

export async function putVersion(change: Change): Promise<void> {
  const target = pickCertain(change);
  if (target === undefined || target.versions.length >= MAX_VERSIONS) return;
  const generation = newGeneration();
  const body = bodyOf(`${target.place.key} ${generation}`, sizeOf(change.world.random));
  const tags = `round=${generation}`;
  await add(change, target, factsOf(body, { origin: generation, encryption: '', tags }), async () => {
    const headers = { [GENERATION_HEADER]: generation, 'x-oss-tagging': tags };
    const { key } = target.place;
    return await change.client.sendForNothing({ method: 'PUT', bucket: VERSIONED, key, headers, body });
  });
}

/** Puts a delete marker in front of the versions. */
export async function hideVersions(change: Change): Promise<void> {
  const target = pickCertain(change);
  if (target === undefined || target.versions.length >= MAX_VERSIONS) return;
  const { key } = target.place;
  await add(change, target, 'delete marker', () =>
    change.client.sendForNothing({ method: 'DELETE', bucket: VERSIONED, key }),
  );
}

export async function deleteVersion(change: Change): Promise<void> {
  const target = pickCertain(change, ({ ids }) => ids.length > 0);
  if (target === undefined) return;
  const { place, versions } = target;
  const at = change.world.random.between(0, versions.length);
  const versionId = place.ids[at];
  const answer = await change.send([step(place.promised, presence(versions.toSpliced(at, 1)))], () =>
    change.client.sendForNothing({ method: 'DELETE', bucket: VERSIONED, key: place.key, query: { versionId } }),
  );
  if (answer !== undefined) place.ids = place.ids.toSpliced(at, 1);
}

export async function tagVersion(change: Change): Promise<void> {
  const target = pickCertain(
    change,
    ({ promised }) => promised.state?.some((each) => each !== 'delete marker') ?? false,
  );
  if (target === undefined) return;
  const { place, versions } = target;
  const at = versions.findLastIndex((each) => each !== 'delete marker');
  const facts = versions[at];
  if (facts === undefined || facts === 'delete marker') return;
  const generation = newGeneration();
  const tagged = versions.with(at, { ...facts, tags: `later=${generation}` });
  await change.send([step(place.promised, tagged)], () =>
    change.client.sendForNothing({
      method: 'PUT',
      bucket: VERSIONED,
      key: place.key,
      query: { tagging: undefined, versionId: place.ids[at] },
      body: taggingDocument('later', generation),
    }),
  );
}

interface Certain {
  readonly place: VersionedPlace;
  readonly versions: readonly VersionFacts[];
}

function pickCertain(change: Change, suits: (place: VersionedPlace) => boolean = () => true): Certain | undefined {
  const place = change.pick(change.world.versioned, (each) => !each.promised.isInDoubt && suits(each));
  return place && { place, versions: place.promised.state ?? [] };
}

async function add(
  change: Change,
  { place, versions }: Certain,
  facts: VersionFacts,
  work: () => ReturnType<Change['client']['sendForNothing']>,
): Promise<void> {
  const answer = await change.send([step(place.promised, [facts, ...versions])], work);
  if (answer !== undefined) place.ids = [String(answer.headers[VERSION_HEADER]), ...place.ids];
}

/** A key without versions isn't there. */
export function presence(versions: readonly VersionFacts[]): readonly VersionFacts[] | undefined {
  return versions.length === 0 ? undefined : versions;
}
