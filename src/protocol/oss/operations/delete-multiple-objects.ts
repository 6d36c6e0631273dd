import { DomainError } from '../../../core/errors.ts';
import { printable } from '../../../core/printable.ts';
import { encodeComponent } from '../../../core/request-target.ts';
import { child, childrenNamed, childText, node, parseXml, type XmlElement } from '../../../core/xml.ts';
import { readBody } from '../../../http/read-body.ts';
import { checkMd5 } from '../content-md5.ts';
import { bucketOf, type Exchange, type Operation, xmlReply } from '../operation.ts';

const MAX_KEYS = 1000;
const BODY_LIMITS = { maxBytes: 2 * 1024 * 1024, maxDepth: 8, maxElements: 4 * MAX_KEYS };

/** DeleteMultipleObjects (protocol sheet, section 5.5). */
export const deleteMultipleObjects: Operation = {
  name: 'DeleteMultipleObjects',
  method: 'POST',
  level: 'bucket',
  subresource: 'delete',
  action: 'oss:DeleteObject',
  async handle(exchange) {
    const { query, services } = exchange;
    const bucket = bucketOf(exchange);
    const { keys, isQuiet } = await readKeys(exchange);
    exchange.assertAllowedOn(keys);
    await services.store.deleteMany(bucket.name, keys);
    if (isQuiet) return { status: 200, headers: { 'Content-Length': '0' } };
    const encoding = query.get('encoding-type');
    const text = encoding === 'url' ? encodeComponent : (name: string) => name;
    return xmlReply(
      node('DeleteResult', [
        ...(encoding === 'url' ? [node('EncodingType', encoding)] : []),
        ...keys.map((key) => node('Deleted', [node('Key', text(key))])),
      ]),
    );
  },
};

async function readKeys({ request }: Exchange): Promise<{ keys: string[]; isQuiet: boolean }> {
  if (request.headers['content-md5'] === undefined) {
    throw new DomainError('MissingArgument', 'Missing Some Required Arguments. Content-MD5 is required.', {
      ArgumentName: 'Content-MD5',
    });
  }
  const body = await readBody(request, BODY_LIMITS.maxBytes);
  if (body === undefined) throw malformed(`The body is longer than ${BODY_LIMITS.maxBytes} bytes.`);
  checkMd5(request.headers, body);
  const root = parseXml(body, BODY_LIMITS);
  if (root.name !== 'Delete')
    throw malformed(`The root element is "${printable(root.name)}" where Delete is accepted.`);
  const objects = childrenNamed(root, 'Object');
  if (objects.length === 0) throw malformed('Delete holds no Object.');
  if (objects.length > MAX_KEYS)
    throw malformed(`Delete holds ${objects.length} objects where at most ${MAX_KEYS} are accepted.`);
  return { keys: objects.map(keyOf), isQuiet: childText(root, 'Quiet')?.trim().toLowerCase() === 'true' };
}

function keyOf(object: XmlElement): string {
  const key = childText(object, 'Key');
  if (key === undefined || key === '') throw malformed('An Object of Delete has no Key.');
  const version = child(object, 'VersionId')?.text.trim() ?? 'null';
  if (version === 'null' || version === '') return key;
  throw new DomainError(
    'InvalidArgument',
    `Invalid version id specified. "${printable(version)}" is no version of an unversioned bucket.`,
    {
      ArgumentName: 'VersionId',
      ArgumentValue: printable(version),
    },
  );
}

function malformed(message: string): DomainError {
  return new DomainError('MalformedXml', message);
}
