import { DomainError } from '../../../core/errors.ts';
import { printable } from '../../../core/printable.ts';
import { encodeComponent } from '../../../core/request-target.ts';
import type { ListPage } from '../../../core/stored-object.ts';
import { node, type XmlNode } from '../../../core/xml.ts';
import { markerOf, tokenOf } from '../list-token.ts';
import { bucketOf, type Exchange, integerParameter, type Operation, xmlReply } from '../operation.ts';
import { ownerNode } from './bucket-nodes.ts';

const MAX_PARAMETER_BYTES = 1023;

/** ListObjects, V1 (protocol sheet, section 5.6). */
export const listObjects: Operation = {
  name: 'ListObjects',
  method: 'GET',
  level: 'bucket',
  action: 'oss:ListObjects',
  async handle(exchange) {
    const { query, services } = exchange;
    const bucket = bucketOf(exchange);
    const request = readRequest(exchange, textParameter(exchange, 'marker'));
    const page = services.store.list(bucket.name, request);
    const text = textWriter(exchange);
    return xmlReply(
      node('ListBucketResult', [
        node('Name', bucket.name),
        node('Prefix', text(request.prefix)),
        node('Marker', text(request.marker)),
        node('MaxKeys', String(request.maxKeys)),
        node('Delimiter', text(request.delimiter)),
        ...encodingNodes(query.get('encoding-type')),
        node('IsTruncated', String(page.isTruncated)),
        ...(page.nextMarker === undefined ? [] : [node('NextMarker', text(page.nextMarker))]),
        ...entryNodes(page, text, bucket.owner),
      ]),
    );
  },
};

/** ListObjectsV2 (protocol sheet, section 5.6). */
export const listObjectsV2: Operation = {
  name: 'ListObjectsV2',
  method: 'GET',
  level: 'bucket',
  with: ['list-type=2'],
  action: 'oss:ListObjects',
  async handle(exchange) {
    const { query, services } = exchange;
    const bucket = bucketOf(exchange);
    const token = query.get('continuation-token') ?? '';
    const startAfter = textParameter(exchange, 'start-after');
    const request = readRequest(exchange, token === '' ? startAfter : readToken(token));
    const page = services.store.list(bucket.name, request);
    const text = textWriter(exchange);
    const owner = query.get('fetch-owner') === 'true' ? bucket.owner : undefined;
    return xmlReply(
      node('ListBucketResult', [
        node('Name', bucket.name),
        node('Prefix', text(request.prefix)),
        ...(startAfter === '' ? [] : [node('StartAfter', text(startAfter))]),
        node('MaxKeys', String(request.maxKeys)),
        node('Delimiter', text(request.delimiter)),
        ...encodingNodes(query.get('encoding-type')),
        node('IsTruncated', String(page.isTruncated)),
        ...(token === '' ? [] : [node('ContinuationToken', token)]),
        ...(page.nextMarker === undefined ? [] : [node('NextContinuationToken', tokenOf(page.nextMarker))]),
        node('KeyCount', String(page.objects.length + page.commonPrefixes.length)),
        ...entryNodes(page, text, owner),
      ]),
    );
  },
};

function readRequest(exchange: Exchange, marker: string) {
  const encoding = exchange.query.get('encoding-type') ?? '';
  if (encoding !== '' && encoding !== 'url') throw badParameter('encoding-type', encoding, 'only "url" is accepted');
  return {
    prefix: textParameter(exchange, 'prefix'),
    delimiter: textParameter(exchange, 'delimiter'),
    marker,
    // The sheet contradicts itself about 0; an empty page harms nobody who asks for it.
    maxKeys: integerParameter(exchange.query, 'max-keys', { min: 0, max: 1000, fallback: 100 }),
  };
}

function textParameter({ query }: Exchange, name: string): string {
  const value = query.get(name) ?? '';
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_PARAMETER_BYTES) {
    throw badParameter(name, value, `it has ${bytes} bytes where at most ${MAX_PARAMETER_BYTES} are accepted`);
  }
  return value;
}

/** How names are written: XML 1.0 can't carry every key, so clients may ask for percent-encoding. */
function textWriter({ query }: Exchange): (text: string) => string {
  return query.get('encoding-type') === 'url' ? encodeComponent : (text) => text;
}

function encodingNodes(encoding: string | undefined): XmlNode[] {
  return encoding === undefined || encoding === '' ? [] : [node('EncodingType', encoding)];
}

function entryNodes(page: ListPage, text: (name: string) => string, owner: string | undefined): XmlNode[] {
  const ownerNodes = owner === undefined ? [] : [ownerNode(owner)];
  return [
    ...page.objects.map(({ key, record }) =>
      node('Contents', [
        node('Key', text(key)),
        node('LastModified', new Date(record.lastModifiedMs).toISOString()),
        node('ETag', `"${record.etag}"`),
        node('Type', record.objectType),
        node('Size', String(record.sizeBytes)),
        node('StorageClass', record.storageClass),
        ...ownerNodes,
      ]),
    ),
    ...page.commonPrefixes.map((prefix) => node('CommonPrefixes', [node('Prefix', text(prefix))])),
  ];
}

function readToken(token: string): string {
  const marker = markerOf(token);
  // A key or a common prefix is never longer, so a longer one is none that was given out.
  if (marker !== undefined && Buffer.byteLength(marker) <= MAX_PARAMETER_BYTES) return marker;
  throw badParameter('continuation-token', token, 'it is none that this server gave');
}

function badParameter(name: string, value: string, why: string): DomainError {
  const shown = printable(value);
  return new DomainError('InvalidArgument', `Argument ${name} is not valid: ${why}; it is "${shown}".`, {
    ArgumentName: name,
    ArgumentValue: shown,
  });
}
