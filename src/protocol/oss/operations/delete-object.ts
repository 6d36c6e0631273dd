import { objectAddress } from '../object-address.ts';
import { emptyReply, type Operation } from '../operation.ts';
import { refuseUnservedHeaders } from '../unserved-headers.ts';

/** DeleteObject: 204 whether or not there was one (protocol sheet, section 5.5). */
export const deleteObject: Operation = {
  name: 'DeleteObject',
  method: 'DELETE',
  level: 'object',
  action: 'oss:DeleteObject',
  resource: 'object',
  async handle(exchange) {
    refuseUnservedHeaders(exchange.request);
    const { bucket, ...object } = objectAddress(exchange);
    const [deleted] = await exchange.services.store.deleteMany(bucket, [object]);
    return emptyReply(204, {
      ...(deleted?.isDeleteMarker && { 'x-oss-delete-marker': 'true' }),
      ...(deleted?.versionId !== undefined && { 'x-oss-version-id': deleted.versionId }),
    });
  },
};

export const deleteObjectVersion: Operation = {
  ...deleteObject,
  name: 'DeleteObjectVersion',
  with: ['versionId'],
  action: 'oss:DeleteObjectVersion',
};
