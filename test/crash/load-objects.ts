/** Changes of objects in the buckets without versioning. */

import { createHash } from 'node:crypto';
import { node, renderXml } from '../../src/core/xml.ts';
import { type Change, newGeneration, step } from './change.ts';
import { ENCRYPTED, SOURCE } from './names.ts';
import { bodyOf, factsOf, GENERATION_HEADER, type ObjectFacts, sizeOf } from './object-facts.ts';
import { nameOf, type ObjectPlace } from './world.ts';

const MAX_KEYS_DELETED_AT_ONCE = 8;

export async function putObject(change: Change): Promise<void> {
  const { random, objects } = change.world;
  const target = change.pick(objects.values());
  if (target === undefined) return;
  const generation = newGeneration();
  const body = bodyOf(`${nameOf(target)} ${generation}`, sizeOf(random));
  const isKms = random.isOneIn(8);
  const tags = random.isOneIn(4) ? `round=${generation}` : '';
  const headers = {
    [GENERATION_HEADER]: generation,
    ...(isKms && { 'x-oss-server-side-encryption': 'KMS' }),
    ...(tags !== '' && { 'x-oss-tagging': tags }),
  };
  const encryption = isKms ? 'KMS' : encryptionOf(target);
  await change.send([step(target.promised, factsOf(body, { origin: generation, encryption, tags }))], () =>
    change.client.sendForNothing({ method: 'PUT', ...addressOf(target), headers, body }),
  );
}

export async function deleteObject(change: Change): Promise<void> {
  const target = change.pick(change.world.objects.values());
  if (target === undefined) return;
  await change.send([step(target.promised, undefined)], () =>
    change.client.sendForNothing({ method: 'DELETE', ...addressOf(target) }),
  );
}

export async function deleteObjects(change: Change): Promise<void> {
  const { random, objects } = change.world;
  const idle = [...objects.values()].filter(({ bucket, promised }) => bucket === SOURCE && !promised.isBusy);
  const from = random.between(0, idle.length || 1);
  const chosen = idle.slice(from, from + random.between(1, MAX_KEYS_DELETED_AT_ONCE));
  if (chosen.length === 0) return;
  const keys = chosen.map(({ key }) => node('Object', [node('Key', key)]));
  const body = renderXml(node('Delete', keys));
  const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
  const steps = chosen.map(({ promised }) => step(promised, undefined));
  await change.send(steps, () =>
    change.client.sendForNothing({ method: 'POST', bucket: SOURCE, query: { delete: undefined }, headers, body }),
  );
}

/** Into the same bucket or the other; what is encrypted is opened and sealed again. */
export async function copyObject(change: Change): Promise<void> {
  const from = pickPresent(change);
  if (from === undefined) return;
  const target = change.pick(change.world.objects.values(), (place) => place !== from.place);
  if (target === undefined) return;
  // A copy is a put of its own: its ETag is its MD5, even of an object that came in parts.
  const facts = { ...from.facts, etag: from.facts.md5, encryption: encryptionOf(target) };
  const source = encodeURIComponent(nameOf(from.place)).replaceAll('%2F', '/');
  await change.send([step(from.place.promised, from.facts), step(target.promised, facts)], () =>
    change.client.sendForNothing({
      method: 'PUT',
      ...addressOf(target),
      headers: { 'x-oss-copy-source': `/${source}` },
    }),
  );
}

export async function tagObject(change: Change): Promise<void> {
  const from = pickPresent(change);
  if (from === undefined) return;
  const generation = newGeneration();
  await change.send([step(from.place.promised, { ...from.facts, tags: `later=${generation}` })], () =>
    change.client.sendForNothing({
      method: 'PUT',
      ...addressOf(from.place),
      query: { tagging: undefined },
      body: taggingDocument('later', generation),
    }),
  );
}

export function taggingDocument(key: string, value: string): string {
  const tag = node('Tag', [node('Key', key), node('Value', value)]);
  return renderXml(node('Tagging', [node('TagSet', [tag])]));
}

export function encryptionOf({ bucket }: Pick<ObjectPlace, 'bucket'>): string {
  return bucket === ENCRYPTED ? 'AES256' : '';
}

export function addressOf({ bucket, key }: ObjectPlace): { readonly bucket: string; readonly key: string } {
  return { bucket, key };
}

/** An object that is there for certain. */
function pickPresent(change: Change): { readonly place: ObjectPlace; readonly facts: ObjectFacts } | undefined {
  const place = change.pick(change.world.objects.values(), ({ promised }) => promised.state !== undefined);
  const facts = place?.promised.state;
  return place === undefined || facts === undefined ? undefined : { place, facts };
}
