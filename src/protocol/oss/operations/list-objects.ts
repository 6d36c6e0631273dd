import type { ListPage } from '../../../core/stored-object.ts';
import { node, type XmlNode } from '../../../core/xml.ts';
import { markerOf, tokenOf } from '../list-token.ts';
import { bucketOf, type Exchange, integerParameter, type Operation, xmlReply } from '../operation.ts';
import { ownerNode } from './bucket-nodes.ts';
import {
  badParameter,
  commonPrefixNodes,
  MAX_PARAMETER_BYTES,
  type NameEncoding,
  nameEncoding,
  textParameter,
} from './list-parameters.ts';

/** ListObjects, V1 (protocol sheet, section 5.6). */
export const listObjects: Operation = {
  name: 'ListObjects',
  method: 'GET',
  level: 'bucket',
  action: 'oss:ListObjects',
  resource: 'bucket',
  isListing: true,
  async handle(exchange) {
    const bucket = bucketOf(exchange);
    const request = readRequest(exchange, textParameter(exchange, 'marker'));
    const page = await exchange.services.store.list(bucket.name, request);
    const encoding = nameEncoding(exchange);
    const { text } = encoding;
    return xmlReply(
      node('ListBucketResult', [
        node('Name', bucket.name),
        node('Prefix', text(request.prefix)),
        node('Marker', text(request.marker)),
        node('MaxKeys', String(request.maxKeys)),
        node('Delimiter', text(request.delimiter)),
        ...encoding.nodes,
        node('IsTruncated', String(page.isTruncated)),
        ...(page.nextMarker === undefined ? [] : [node('NextMarker', text(page.nextMarker))]),
        ...entryNodes(page, encoding, bucket.owner),
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
  resource: 'bucket',
  isListing: true,
  async handle(exchange) {
    const { query, services } = exchange;
    const bucket = bucketOf(exchange);
    const token = query.get('continuation-token') ?? '';
    const startAfter = textParameter(exchange, 'start-after');
    const request = readRequest(exchange, token === '' ? startAfter : readToken(token));
    const page = await services.store.list(bucket.name, request);
    const encoding = nameEncoding(exchange);
    const { text } = encoding;
    const owner = query.get('fetch-owner') === 'true' ? bucket.owner : undefined;
    return xmlReply(
      node('ListBucketResult', [
        node('Name', bucket.name),
        node('Prefix', text(request.prefix)),
        ...(startAfter === '' ? [] : [node('StartAfter', text(startAfter))]),
        node('MaxKeys', String(request.maxKeys)),
        node('Delimiter', text(request.delimiter)),
        ...encoding.nodes,
        node('IsTruncated', String(page.isTruncated)),
        ...(token === '' ? [] : [node('ContinuationToken', token)]),
        ...(page.nextMarker === undefined ? [] : [node('NextContinuationToken', tokenOf(page.nextMarker))]),
        node('KeyCount', String(page.objects.length + page.commonPrefixes.length)),
        ...entryNodes(page, encoding, owner),
      ]),
    );
  },
};

function readRequest(exchange: Exchange, marker: string) {
  return {
    prefix: textParameter(exchange, 'prefix'),
    delimiter: textParameter(exchange, 'delimiter'),
    marker,
    // The sheet contradicts itself about 0; an empty page harms nobody who asks for it.
    maxKeys: integerParameter(exchange.query, 'max-keys', { min: 0, max: 1000, fallback: 100 }),
  };
}

function entryNodes(page: ListPage, encoding: NameEncoding, owner: string | undefined): XmlNode[] {
  const ownerNodes = owner === undefined ? [] : [ownerNode(owner)];
  return [
    ...page.objects.map(({ key, record }) =>
      node('Contents', [
        node('Key', encoding.text(key)),
        node('LastModified', new Date(record.lastModifiedMs).toISOString()),
        node('ETag', `"${record.etag}"`),
        node('Type', record.objectType),
        node('Size', String(record.sizeBytes)),
        node('StorageClass', record.storageClass),
        ...ownerNodes,
      ]),
    ),
    ...commonPrefixNodes(page.commonPrefixes, encoding),
  ];
}

function readToken(token: string): string {
  const marker = markerOf(token);
  // A key or a common prefix is never longer, so a longer one is none that was given out.
  if (marker !== undefined && Buffer.byteLength(marker) <= MAX_PARAMETER_BYTES) return marker;
  throw badParameter('continuation-token', token, 'it is none that this server gave');
}
