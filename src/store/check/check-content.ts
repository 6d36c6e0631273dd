/** Checks the content of a version or a part: that it is where it is said to be, whole, and nobody else's. */

import { DomainError } from '../../core/errors.ts';
import type { ObjectRecord } from '../../core/record.ts';
import { BodyDigest, type Digests } from '../bodies/body-digest.ts';
import { BodyRead, type Stretch } from '../bodies/body-read.ts';
import { type Body, type Seal, unpackBodies } from '../bodies/content.ts';
import { sealedSize } from '../bodies/sealed-body.ts';
import { Seals } from '../bodies/seals.ts';
import { contentKey } from '../index-database.ts';
import type { CheckContext } from './check-context.ts';
import type { FindingPlace } from './finding.ts';
import { type ReadFacts, readFacts } from './read-stored.ts';

/** The content of a version whose record was read. */
export async function checkContent(
  check: CheckContext,
  versionPlace: FindingPlace,
  record: ObjectRecord,
): Promise<void> {
  const { contentId, sizeBytes, bodyPlace } = record;
  if (record.isDeleteMarker) {
    if (contentId !== 0 || sizeBytes !== 0 || bodyPlace !== 'none') {
      check.report('content-id-wrong', versionPlace, `is a delete marker, and has the content ${contentId}`);
    }
    return;
  }
  const place = { ...versionPlace, contentId };
  if (!check.isContentId(contentId)) {
    check.report('content-id-wrong', place, `has the content ${contentId}, a number that was never given`);
    return;
  }
  if (!check.named.contents.add(contentId)) {
    check.report('content-shared', place, `has the content ${contentId}, which is another's too`);
  }
  const facts = factsOf(check, place, contentId);
  if ((facts?.seal?.algorithm ?? 'none') !== record.encryption && facts !== undefined) {
    const found = facts.seal?.algorithm ?? 'no data key';
    check.report('encryption-wrong', place, `is encrypted by ${record.encryption}, and beside its body is ${found}`);
    return;
  }
  const bodies =
    bodyPlace === 'parts' ? readComposition(check, place, record) : [{ contentId, sizeBytes, place: bodyPlace }];
  if (bodies === undefined || facts === undefined) return;
  await checkBodies(check, place, bodies, {
    seal: facts.seal,
    // That of joined parts can't be told from their bytes alone.
    md5: /^[0-9A-F]{32}$/.test(record.etag) ? record.etag.toLowerCase() : undefined,
    crc64: record.crc64,
  });
}

/** What is known of bodies that lie one after the other. */
interface Expected {
  readonly seal: Seal | undefined;
  /** Lower-case hex. */
  readonly md5: string | undefined;
  readonly crc64: bigint | undefined;
}

/** Bodies that belong together: each where it should be, and the digests of all joined. */
export async function checkBodies(
  check: CheckContext,
  place: FindingPlace,
  bodies: readonly Body[],
  expected: Expected,
): Promise<void> {
  const stretches: Stretch[] = [];
  let isWhole = true;
  for (const body of bodies) {
    await check.step();
    check.counts.bodies++;
    check.counts.bytes += body.sizeBytes;
    const stretch = await findBody(check, { ...place, contentId: body.contentId }, body, expected.seal !== undefined);
    if (stretch === undefined) isWhole = false;
    else if (body.sizeBytes > 0) stretches.push(stretch);
  }
  if (isWhole && check.options.withBodies) await checkBytes(check, place, stretches, expected);
}

/** Where a body lies, if it lies there as it should. */
async function findBody(
  check: CheckContext,
  place: FindingPlace,
  body: Body,
  isSealed: boolean,
): Promise<Stretch | undefined> {
  const { contentId, sizeBytes } = body;
  if (!check.isContentId(contentId)) {
    check.report('content-id-wrong', place, `has the body ${contentId}, a number that was never given`);
    return undefined;
  }
  const { snapshot, named } = check;
  const range = { start: 0, end: sizeBytes };
  const claim = body.place === 'file' ? named.files : named.bodies;
  if (body.place !== 'none' && !claim.add(contentId)) {
    check.report('content-shared', place, `has the body ${contentId}, which is another's too`);
  }
  let storedBytes: number | undefined;
  let bytes: Uint8Array | undefined;
  if (body.place === 'index') {
    bytes = snapshot.get(snapshot.db.bodies, contentKey(contentId));
    storedBytes = bytes?.length;
  } else if (body.place === 'file') {
    if (!snapshot.has(snapshot.db.files, contentKey(contentId))) {
      check.report('file-unmarked', place, `has its body in the file ${contentId}, which the index does not know of`);
    }
    storedBytes = await check.files.size(contentId);
  } else {
    storedBytes = 0;
  }
  if (storedBytes === undefined) {
    const where = body.place === 'index' ? 'not in the index' : `not in the file ${check.files.pathOf(contentId)}`;
    check.report('body-missing', place, `has lost the body ${contentId}: it is ${where}`);
    return undefined;
  }
  const wanted = isSealed ? sealedSize(sizeBytes) : sizeBytes;
  if (storedBytes !== wanted) {
    check.report('body-length-wrong', place, `has the body ${contentId} of ${storedBytes} bytes instead of ${wanted}`);
    return undefined;
  }
  return { body, range, ...(bytes !== undefined && { bytes }) };
}

async function checkBytes(
  check: CheckContext,
  place: FindingPlace,
  stretches: readonly Stretch[],
  expected: Expected,
): Promise<void> {
  let digests: Digests;
  try {
    const dataKey = await openSeal(check, expected.seal);
    if (dataKey === 'shut') return;
    digests = await digest(check, new BodyRead(stretches, check.files, () => undefined), dataKey);
  } catch (error) {
    check.options.signal?.throwIfAborted();
    check.report('body-damaged', place, `can't be read: ${(error as Error).message}`);
    return;
  }
  const { md5, crc64 } = digests;
  if (expected.md5 !== undefined && md5.toString('hex') !== expected.md5) {
    check.report('body-damaged', place, `has the MD5 ${md5.toString('hex')} instead of ${expected.md5}`);
  } else if (expected.crc64 !== undefined && crc64 !== expected.crc64) {
    check.report('body-damaged', place, `has the CRC-64 ${crc64} instead of ${expected.crc64}`);
  }
}

/** The data key, none of plaintext, or that it can't be had: then there is no telling whether the bytes are right. */
async function openSeal(check: CheckContext, seal: Seal | undefined): Promise<Uint8Array | undefined | 'shut'> {
  if (seal === undefined) return undefined;
  if (check.options.keys !== undefined) {
    try {
      return await new Seals(check.options.keys).open(seal);
    } catch (error) {
      // The master key is disabled or gone, as somebody wished; the data key itself may be as it should.
      if (!(error instanceof DomainError)) throw error;
    }
  }
  check.counts.unopened++;
  return 'shut';
}

async function digest(check: CheckContext, read: BodyRead, dataKey: Uint8Array | undefined): Promise<Digests> {
  const digest = await BodyDigest.create();
  for await (const chunk of read.bytes(dataKey)) {
    check.options.signal?.throwIfAborted();
    digest.update(chunk);
  }
  return digest.finish();
}

/** What lies beside a body. */
function factsOf(check: CheckContext, place: FindingPlace, contentId: number): ReadFacts | undefined {
  const text = check.snapshot.get(check.snapshot.db.metadata, contentKey(contentId));
  const facts = text === undefined ? {} : readFacts(text);
  if (facts === undefined) check.report('facts-unreadable', place, 'has metadata that can not be read');
  return facts;
}

/** The bodies of the parts that make up an object. */
function readComposition(check: CheckContext, place: FindingPlace, record: ObjectRecord): Body[] | undefined {
  const { snapshot } = check;
  check.named.compositions.add(record.contentId);
  const packed = snapshot.get(snapshot.db.compositions, contentKey(record.contentId));
  if (packed === undefined) {
    check.report('composition-wrong', place, 'is made of parts, and which they are is lost');
    return undefined;
  }
  try {
    const bodies = unpackBodies(packed);
    const sizeBytes = bodies.reduce((sum, body) => sum + body.sizeBytes, 0);
    if (sizeBytes === record.sizeBytes) return bodies;
    check.report('composition-wrong', place, `has ${record.sizeBytes} bytes, and its parts have ${sizeBytes}`);
    return bodies;
  } catch (error) {
    check.report('composition-wrong', place, `has parts that can't be read: ${(error as Error).message}`);
    return undefined;
  }
}
