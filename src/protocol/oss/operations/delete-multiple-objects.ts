import { setImmediate } from 'node:timers/promises';
import { noSuchBucket } from '../../../core/bucket.ts';
import { DomainError } from '../../../core/errors.ts';
import type { Deleted, ObjectAddress } from '../../../core/stored-object.ts';
import { childrenNamed, childText, node, type XmlElement, type XmlNode } from '../../../core/xml.ts';
import { parseDocument, readDocumentBytes } from '../document-body.ts';
import { bucketOf, type Exchange, type Operation, xmlReply } from '../operation.ts';
import { type NameEncoding, nameEncoding } from './list-parameters.ts';

const MAX_KEYS = 1000;
/** Permissions that are asked in one go: policies may be long, and others wait. */
const KEYS_A_TURN = 5;
const BODY_LIMITS = { maxBytes: 2 * 1024 * 1024, maxDepth: 8, maxElements: 4 * MAX_KEYS };
/** Of a request that nobody signed. Who may delete is known when the body is read, and it is held in memory until then. */
const MAX_UNSIGNED_BYTES = 64 * 1024;

/** An object of the request, or the version of one. */
type NamedObject = Omit<ObjectAddress, 'bucket'>;

/** DeleteMultipleObjects (protocol sheet, section 5.5). One object that may not be deleted refuses them all. */
export const deleteMultipleObjects: Operation = {
  name: 'DeleteMultipleObjects',
  method: 'POST',
  level: 'bucket',
  subresource: 'delete',
  action: 'oss:DeleteObject',
  resource: 'objects',
  asks: 'itself',
  also: [{ action: 'oss:DeleteObjectVersion', on: 'each version that it names instead' }],
  async handle(exchange) {
    const encoding = nameEncoding(exchange);
    const { objects, isQuiet } = await readObjects(exchange);
    const asked = exchange.services.store.findBucket(exchange.bucketName);
    for (const [index, object] of objects.entries()) {
      if (index > 0 && index % KEYS_A_TURN === 0) await setImmediate();
      const action = object.versionId === undefined ? 'oss:DeleteObject' : 'oss:DeleteObjectVersion';
      exchange.assertAllowed(action, { bucket: exchange.bucketName, ...object });
    }
    const bucket = bucketOf(exchange);
    // Nobody asked about another that has taken its name meanwhile.
    if (bucket.id !== asked?.id) throw noSuchBucket(bucket.name);
    const deleted = await exchange.services.store.deleteMany(bucket.name, objects);
    if (isQuiet) return { status: 200, headers: { 'Content-Length': '0' } };
    const nodes = objects.map((object, index) => deletedNode(object, deleted[index], encoding));
    return xmlReply(node('DeleteResult', [...encoding.nodes, ...nodes]));
  },
};

/** `VersionId` is the one that was named; what became of an object without one shows in its marker. */
function deletedNode({ key, versionId }: NamedObject, deleted: Deleted | undefined, { text }: NameEncoding): XmlNode {
  return node('Deleted', [
    node('Key', text(key)),
    ...(versionId === undefined ? [] : [node('VersionId', versionId)]),
    ...(deleted?.isDeleteMarker
      ? [node('DeleteMarker', 'true'), node('DeleteMarkerVersionId', deleted.versionId ?? '')]
      : []),
  ]);
}

async function readObjects({ request, identity }: Exchange): Promise<{ objects: NamedObject[]; isQuiet: boolean }> {
  if (request.headers['content-md5'] === undefined) {
    throw new DomainError('MissingArgument', 'Missing Some Required Arguments. Content-MD5 is required.', {
      ArgumentName: 'Content-MD5',
    });
  }
  const maxBytes = identity.kind === 'anonymous' ? MAX_UNSIGNED_BYTES : BODY_LIMITS.maxBytes;
  const body = await readDocumentBytes(request, maxBytes);
  const root = parseDocument(body, 'Delete', BODY_LIMITS);
  const objects = childrenNamed(root, 'Object');
  if (objects.length === 0) throw malformed('Delete holds no Object.');
  if (objects.length > MAX_KEYS) {
    throw malformed(`Delete holds ${objects.length} objects where at most ${MAX_KEYS} are accepted.`);
  }
  return { objects: objects.map(readObject), isQuiet: childText(root, 'Quiet')?.trim().toLowerCase() === 'true' };
}

function readObject(object: XmlElement): NamedObject {
  const key = childText(object, 'Key');
  if (key === undefined || key === '') throw malformed('An Object of Delete has no Key.');
  const versionId = childText(object, 'VersionId')?.trim();
  if (versionId === undefined) return { key };
  if (versionId !== '') return { key, versionId };
  throw new DomainError('VersionIdInvalid', 'Version id can not be the empty string.', {
    ArgumentName: 'VersionId',
    ArgumentValue: '',
  });
}

function malformed(message: string): DomainError {
  return new DomainError('MalformedXml', message);
}
