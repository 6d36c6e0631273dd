/** Holds multipart uploads against what was promised of them. */

import type { ServerClient } from '../../src/cli/server-client.ts';
import { childrenNamed, childText } from '../../src/core/xml.ts';
import { inParallel } from './in-parallel.ts';
import { pages, UPLOADS } from './listings.ts';
import { ENCRYPTED, SOURCE } from './names.ts';
import { isSame } from './promises.ts';
import type { UploadFacts, World } from './world.ts';

/** Call it when the objects were looked at. */
export async function checkUploads(world: World, client: ServerClient): Promise<void> {
  const listed = new Map<string, { bucket: string; key: string }>();
  for (const bucket of [SOURCE, ENCRYPTED]) {
    for await (const page of pages(client, bucket, UPLOADS)) {
      for (const entry of childrenNamed(page, 'Upload')) {
        listed.set(childText(entry, 'UploadId') ?? '', { bucket, key: childText(entry, 'Key') ?? '' });
      }
    }
  }
  await inParallel(world.uploads.values(), async ({ uploadId, promised }) => {
    const address = listed.get(uploadId);
    listed.delete(uploadId);
    const problem = promised.found(address && (await partsOf(client, { ...address, uploadId })));
    if (problem !== undefined) world.problems.push(`the upload ${uploadId} ${problem}`);
  });
  checkCompletions(world);
  for (const [uploadId, { promised }] of world.uploads)
    if (promised.state === undefined) world.uploads.delete(uploadId);
  if (listed.size > world.uploadsInDoubt) {
    world.problems.push(
      `${listed.size} uploads are open that nobody knows, where ${world.uploadsInDoubt} were in doubt`,
    );
  }
  for (const [uploadId, address] of listed) {
    await client.sendForNothing({ method: 'DELETE', ...address, query: { uploadId } });
  }
  world.uploadsInDoubt = 0;
}

/** An upload is over if and only if its object is there: whole, or not completed at all. */
function checkCompletions(world: World): void {
  for (const { upload, facts } of world.completionsInDoubt) {
    const isOver = upload.promised.state === undefined;
    const isThere = isSame(upload.target.promised.state, facts);
    if (isOver !== isThere) {
      world.problems.push(
        `the upload ${upload.uploadId} is ${isOver ? 'over' : 'open'}, and its object is ${isThere ? 'there' : 'not there'}`,
      );
    }
  }
  world.completionsInDoubt = [];
}

async function partsOf(
  client: ServerClient,
  { bucket, key, uploadId }: { readonly bucket: string; readonly key: string; readonly uploadId: string },
): Promise<UploadFacts> {
  const page = await client.sendForXml({ method: 'GET', bucket, key, query: { uploadId } });
  return Object.fromEntries(
    childrenNamed(page, 'Part').map((part) => [
      Number(childText(part, 'PartNumber')),
      { etag: (childText(part, 'ETag') ?? '').replaceAll('"', ''), sizeBytes: Number(childText(part, 'Size')) },
    ]),
  );
}
