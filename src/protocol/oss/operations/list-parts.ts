import { MAX_PARTS } from '../../../core/limits.ts';
import type { UploadedPart } from '../../../core/stored-object.ts';
import { node, type XmlNode } from '../../../core/xml.ts';
import { integerParameter, type Operation, xmlReply } from '../operation.ts';
import { uploadAddress } from '../upload-address.ts';
import { nameEncoding } from './list-parameters.ts';

const MAX_PAGE = 1000;

/** ListParts (protocol sheet, section 5.8). */
export const listParts: Operation = {
  name: 'ListParts',
  method: 'GET',
  level: 'object',
  subresource: 'uploadId',
  action: 'oss:ListParts',
  resource: 'object',
  async handle(exchange) {
    const { query, services } = exchange;
    const { uploads } = services.store;
    const { text, nodes } = nameEncoding(exchange);
    const maxParts = integerParameter(query, 'max-parts', { min: 1, max: MAX_PAGE, fallback: MAX_PAGE });
    const marker = integerParameter(query, 'part-number-marker', { min: 0, max: MAX_PARTS, fallback: 0 });
    const address = uploadAddress(exchange);
    const { storageClass } = uploads.find(address);
    const page = uploads.listParts(address, marker, maxParts);
    return xmlReply(
      node('ListPartsResult', [
        ...nodes,
        node('Bucket', address.bucket),
        node('Key', text(address.key)),
        node('UploadId', address.uploadId),
        node('StorageClass', storageClass),
        node('PartNumberMarker', String(marker)),
        node('NextPartNumberMarker', String(page.parts.at(-1)?.partNumber ?? marker)),
        node('MaxParts', String(maxParts)),
        node('IsTruncated', String(page.nextAfter !== undefined)),
        ...page.parts.map(partNode),
      ]),
    );
  },
};

function partNode(part: UploadedPart): XmlNode {
  return node('Part', [
    node('PartNumber', String(part.partNumber)),
    node('LastModified', new Date(part.lastModifiedMs).toISOString()),
    node('ETag', `"${part.etag}"`),
    node('HashCrc64ecma', String(part.crc64)),
    node('Size', String(part.sizeBytes)),
  ]);
}
