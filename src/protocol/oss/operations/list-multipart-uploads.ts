import type { Upload, UploadListRequest } from '../../../core/stored-object.ts';
import { node, type XmlNode } from '../../../core/xml.ts';
import { bucketOf, type Exchange, integerParameter, type Operation, xmlReply } from '../operation.ts';
import { commonPrefixNodes, type NameEncoding, nameEncoding, textParameter } from './list-parameters.ts';

const MAX_PAGE = 1000;

/** ListMultipartUploads: those under way, by key and then by upload id (protocol sheet, section 5.8). */
export const listMultipartUploads: Operation = {
  name: 'ListMultipartUploads',
  method: 'GET',
  level: 'bucket',
  subresource: 'uploads',
  action: 'oss:ListMultipartUploads',
  resource: 'bucket',
  isListing: true,
  async handle(exchange) {
    const bucket = bucketOf(exchange).name;
    const encoding = nameEncoding(exchange);
    const request = readRequest(exchange);
    const page = exchange.services.store.uploads.list(bucket, request);
    const { text } = encoding;
    return xmlReply(
      node('ListMultipartUploadsResult', [
        ...encoding.nodes,
        node('Bucket', bucket),
        node('KeyMarker', text(request.keyMarker)),
        node('UploadIdMarker', request.uploadIdMarker),
        // Empty when there is no more: oss2 can't read an answer without them.
        node('NextKeyMarker', text(page.nextKeyMarker ?? '')),
        node('NextUploadIdMarker', page.nextUploadIdMarker ?? ''),
        node('Delimiter', text(request.delimiter)),
        node('Prefix', text(request.prefix)),
        node('MaxUploads', String(request.maxUploads)),
        node('IsTruncated', String(page.isTruncated)),
        ...page.uploads.map((upload) => uploadNode(upload, encoding)),
        ...commonPrefixNodes(page.commonPrefixes, encoding),
      ]),
    );
  },
};

function readRequest(exchange: Exchange): UploadListRequest {
  const keyMarker = textParameter(exchange, 'key-marker');
  const uploadIdMarker = textParameter(exchange, 'upload-id-marker');
  return {
    prefix: textParameter(exchange, 'prefix'),
    delimiter: textParameter(exchange, 'delimiter'),
    keyMarker,
    // Alone it names no place.
    uploadIdMarker: keyMarker === '' ? '' : uploadIdMarker,
    maxUploads: integerParameter(exchange.query, 'max-uploads', { min: 1, max: MAX_PAGE, fallback: MAX_PAGE }),
  };
}

function uploadNode(upload: Upload, { text }: NameEncoding): XmlNode {
  return node('Upload', [
    node('Key', text(upload.key)),
    node('UploadId', upload.uploadId),
    node('StorageClass', upload.storageClass),
    node('Initiated', new Date(upload.initiatedMs).toISOString()),
  ]);
}
