import { bucketOf, type Operation, xmlReply } from '../operation.ts';
import { addressedObject } from './addressed-object.ts';
import { accessControlNode } from './bucket-nodes.ts';
import { versionHeader } from './reply-headers.ts';

/** GetObjectAcl (protocol sheet, section 5.9); `default` means that of the bucket. */
export const getObjectAcl: Operation = {
  name: 'GetObjectAcl',
  method: 'GET',
  level: 'object',
  subresource: 'acl',
  action: 'oss:GetObjectAcl',
  resource: 'object',
  async handle(exchange) {
    const bucket = bucketOf(exchange);
    const { record } = addressedObject(exchange);
    return xmlReply(accessControlNode(bucket.owner, record.acl), versionHeader(bucket, record));
  },
};

export const getObjectVersionAcl: Operation = {
  ...getObjectAcl,
  name: 'GetObjectVersionAcl',
  with: ['versionId'],
  action: 'oss:GetObjectVersionAcl',
};
