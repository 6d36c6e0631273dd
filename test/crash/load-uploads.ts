/** Multipart uploads: begun, filled, completed and given up. */

import { createHash } from 'node:crypto';
import { childText, node, renderXml } from '../../src/core/xml.ts';
import { type Change, newGeneration, step } from './change.ts';
import { addressOf, encryptionOf } from './load-objects.ts';
import { bodyOf, GENERATION_HEADER, md5Of, type ObjectFacts } from './object-facts.ts';
import { Promised } from './promises.ts';
import type { PartFacts, UploadFacts, UploadPlace, World } from './world.ts';

const MAX_OPEN = 12;
/** Every part but the last has at least this much. */
const MIN_PART_BYTES = 100 * 1024;
const LAST_PART = 3;

export async function initiateUpload(change: Change): Promise<void> {
  const { world, client } = change;
  if (world.uploads.size >= MAX_OPEN) return;
  const target = change.pick(world.objects.values());
  if (target === undefined) return;
  const generation = newGeneration();
  const headers = { [GENERATION_HEADER]: generation, 'x-oss-tagging': `upload=${generation}` };
  world.uploadsInDoubt++;
  const answer = await change.send([], () =>
    client.sendForXml({ method: 'POST', ...addressOf(target), query: { uploads: undefined }, headers }),
  );
  if (answer === undefined) return;
  world.uploadsInDoubt--;
  const uploadId = childText(answer, 'UploadId') ?? '';
  const promised = new Promised<UploadFacts>();
  promised.acknowledged({});
  world.uploads.set(uploadId, { uploadId, target, generation, promised });
}

/** A new part, or one in place of another. */
export async function putPart(change: Change): Promise<void> {
  const { random, uploads, partBodies } = change.world;
  const upload = change.pick(uploads.values(), isOpen);
  if (upload === undefined) return;
  const partNumber = random.between(1, LAST_PART + 1);
  const sizeBytes = partNumber === LAST_PART ? random.between(1, 40_000) : MIN_PART_BYTES + random.between(0, 2);
  const seed = `${upload.uploadId} ${partNumber} ${newGeneration()}`;
  const body = bodyOf(seed, sizeBytes);
  const etag = md5Of(body);
  partBodies.set(etag, { seed, sizeBytes });
  await change.send([step(upload.promised, { ...upload.promised.state, [partNumber]: { etag, sizeBytes } })], () =>
    change.client.sendForNothing({
      method: 'PUT',
      ...addressOf(upload.target),
      query: { partNumber: String(partNumber), uploadId: upload.uploadId },
      body,
    }),
  );
}

export async function completeUpload(change: Change): Promise<void> {
  const { world, client } = change;
  const upload = change.pick(
    world.uploads.values(),
    (each) => isOpen(each) && Object.keys(each.promised.state ?? {}).length > 0 && !each.target.promised.isBusy,
  );
  if (upload === undefined) return;
  const parts = Object.entries(upload.promised.state ?? {});
  const facts = joined(
    world,
    upload,
    parts.map(([, part]) => part),
  );
  const body = renderXml(
    node(
      'CompleteMultipartUpload',
      parts.map(([number, { etag }]) => node('Part', [node('PartNumber', number), node('ETag', `"${etag}"`)])),
    ),
  );
  const steps = [step(upload.promised, undefined), step(upload.target.promised, facts)];
  const answer = await change.send(steps, () =>
    client.sendForNothing({ method: 'POST', ...addressOf(upload.target), query: { uploadId: upload.uploadId }, body }),
  );
  if (answer === undefined) world.completionsInDoubt.push({ upload, facts });
  else world.uploads.delete(upload.uploadId);
}

export async function abortUpload(change: Change): Promise<void> {
  const { world, client } = change;
  const upload = change.pick(world.uploads.values(), isOpen);
  if (upload === undefined) return;
  const query = { uploadId: upload.uploadId };
  const answer = await change.send([step(upload.promised, undefined)], () =>
    client.sendForNothing({ method: 'DELETE', ...addressOf(upload.target), query }),
  );
  if (answer !== undefined) world.uploads.delete(upload.uploadId);
}

function isOpen({ promised }: UploadPlace): boolean {
  return promised.state !== undefined;
}

/** What the object is that is made of the parts. */
function joined(world: World, { target, generation }: UploadPlace, parts: readonly PartFacts[]): ObjectFacts {
  const bytes = Buffer.concat(parts.map(({ etag }) => bytesOfPart(world, etag)));
  const md5 = createHash('md5');
  for (const { etag } of parts) md5.update(etag, 'hex');
  return {
    sizeBytes: bytes.length,
    md5: md5Of(bytes),
    etag: `${md5.digest('hex').toUpperCase()}-${parts.length}`,
    origin: generation,
    encryption: encryptionOf(target),
    tags: `upload=${generation}`,
  };
}

function bytesOfPart({ partBodies }: World, etag: string): Buffer {
  const body = partBodies.get(etag);
  if (body === undefined) throw new Error(`nobody sent the part ${etag}`);
  return bodyOf(body.seed, body.sizeBytes);
}
