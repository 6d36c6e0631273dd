/** Holds objects and versions against what was promised of them. */

import { collect, hasStatus, type ServerClient } from '../../src/cli/server-client.ts';
import { childrenNamed, childText } from '../../src/core/xml.ts';
import { inParallel } from './in-parallel.ts';
import { pages, VERSIONS } from './listings.ts';
import { presence } from './load-versions.ts';
import { VERSIONED } from './names.ts';
import { GENERATION_HEADER, md5Of, type ObjectFacts } from './object-facts.ts';
import type { ObjectPlace, VersionFacts, World } from './world.ts';

interface Address {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

export async function checkObjects(world: World, client: ServerClient, names: Iterable<string>): Promise<void> {
  const places = [...names].map((name) => world.objects.get(name)).filter((each) => each !== undefined);
  await inParallel(places, async ({ bucket, key, promised }: ObjectPlace) => {
    const problem = promised.found(await objectAt(client, { bucket, key }));
    if (problem !== undefined) world.problems.push(`the object "${bucket}/${key}" ${problem}`);
  });
}

/** Every version of every key, in the order of the listing. */
export async function checkVersions(world: World, client: ServerClient): Promise<void> {
  const listed = new Map<string, { id: string; isMarker: boolean }[]>();
  for await (const page of pages(client, VERSIONED, VERSIONS)) {
    for (const entry of page.children) {
      if (entry.name !== 'Version' && entry.name !== 'DeleteMarker') continue;
      const versions = listed.get(childText(entry, 'Key') ?? '') ?? [];
      versions.push({ id: childText(entry, 'VersionId') ?? '', isMarker: entry.name === 'DeleteMarker' });
      listed.set(childText(entry, 'Key') ?? '', versions);
    }
  }
  await inParallel(world.versioned, async (place) => {
    const versions = listed.get(place.key) ?? [];
    const facts: VersionFacts[] = [];
    for (const { id, isMarker } of versions) {
      const found = isMarker
        ? 'delete marker'
        : await objectAt(client, { bucket: VERSIONED, key: place.key, versionId: id });
      if (found === undefined) world.problems.push(`the version ${id} of "${place.key}" is listed, and is not there`);
      else facts.push(found);
    }
    const problem = place.promised.found(presence(facts));
    if (problem !== undefined) world.problems.push(`the key "${place.key}" of "${VERSIONED}" ${problem}`);
    place.ids = versions.map(({ id }) => id);
  });
}

async function objectAt(client: ServerClient, address: Address): Promise<ObjectFacts | undefined> {
  const { bucket, key, versionId } = address;
  try {
    const query = versionId === undefined ? {} : { versionId };
    const { headers, body } = await client.send({ method: 'GET', bucket, key, query });
    const bytes = await collect(body);
    const md5 = md5Of(bytes);
    const etag = String(headers.etag).replaceAll('"', '');
    if (Number(headers['content-length']) !== bytes.length)
      throw new Error(`"${key}" is not as long as its headers say`);
    return {
      sizeBytes: bytes.length,
      md5,
      etag,
      origin: String(headers[GENERATION_HEADER] ?? `mtime ${headers['x-oss-meta-mtime']}`),
      encryption: String(headers['x-oss-server-side-encryption'] ?? ''),
      tags: headers['x-oss-tagging-count'] === undefined ? '' : await tagsOf(client, address),
    };
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

async function tagsOf(client: ServerClient, { bucket, key, versionId }: Address): Promise<string> {
  const query = { tagging: undefined, ...(versionId !== undefined && { versionId }) };
  const [set] = childrenNamed(await client.sendForXml({ method: 'GET', bucket, key, query }), 'TagSet');
  const tags = set === undefined ? [] : childrenNamed(set, 'Tag');
  return tags.map((tag) => `${childText(tag, 'Key')}=${childText(tag, 'Value')}`).join('&');
}
