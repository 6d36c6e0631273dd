import { type ListedObject, shownVersionId, type VersionListRequest } from '../../../core/stored-object.ts';
import { node, type XmlNode } from '../../../core/xml.ts';
import { bucketOf, type Exchange, integerParameter, type Operation, xmlReply } from '../operation.ts';
import { ownerNode } from './bucket-nodes.ts';
import { badParameter, commonPrefixNodes, type NameEncoding, nameEncoding, textParameter } from './list-parameters.ts';

/** ListObjectVersions: every version and delete marker, by key and newest first (protocol sheet, section 5.6). */
export const listObjectVersions: Operation = {
  name: 'ListObjectVersions',
  method: 'GET',
  level: 'bucket',
  subresource: 'versions',
  action: 'oss:ListObjectVersions',
  resource: 'bucket',
  isListing: true,
  async handle(exchange) {
    const bucket = bucketOf(exchange);
    const encoding = nameEncoding(exchange);
    const { text } = encoding;
    const request = readRequest(exchange);
    const page = exchange.services.store.listVersions(bucket.name, request);
    return xmlReply(
      node('ListVersionsResult', [
        node('Name', bucket.name),
        node('Prefix', text(request.prefix)),
        node('KeyMarker', text(request.keyMarker)),
        node('VersionIdMarker', request.versionIdMarker),
        node('MaxKeys', String(request.maxKeys)),
        node('Delimiter', text(request.delimiter)),
        ...encoding.nodes,
        node('IsTruncated', String(page.isTruncated)),
        ...(page.nextKeyMarker === undefined
          ? []
          : [
              node('NextKeyMarker', text(page.nextKeyMarker)),
              node('NextVersionIdMarker', page.nextVersionIdMarker ?? ''),
            ]),
        ...page.versions.map((version) => versionNode(version, encoding, bucket.owner)),
        ...commonPrefixNodes(page.commonPrefixes, encoding),
      ]),
    );
  },
};

function readRequest(exchange: Exchange): VersionListRequest {
  const keyMarker = textParameter(exchange, 'key-marker');
  const versionIdMarker = textParameter(exchange, 'version-id-marker');
  if (versionIdMarker !== '' && keyMarker === '') {
    throw badParameter('version-id-marker', versionIdMarker, 'it is accepted beside a key-marker only');
  }
  return {
    prefix: textParameter(exchange, 'prefix'),
    delimiter: textParameter(exchange, 'delimiter'),
    keyMarker,
    versionIdMarker,
    maxKeys: integerParameter(exchange.query, 'max-keys', { min: 0, max: 1000, fallback: 100 }),
  };
}

function versionNode({ key, record }: ListedObject, { text }: NameEncoding, owner: string): XmlNode {
  const isMarker = record.isDeleteMarker;
  return node(isMarker ? 'DeleteMarker' : 'Version', [
    node('Key', text(key)),
    node('VersionId', shownVersionId(record)),
    node('IsLatest', String(record.isLatest)),
    node('LastModified', new Date(record.lastModifiedMs).toISOString()),
    ...(isMarker
      ? []
      : [
          node('ETag', `"${record.etag}"`),
          node('Type', record.objectType),
          node('Size', String(record.sizeBytes)),
          node('StorageClass', record.storageClass),
        ]),
    ownerNode(owner),
  ]);
}
