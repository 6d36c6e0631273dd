import { bucketOf, type Operation, xmlReply } from '../operation.ts';
import { taggingNode } from '../tagging-document.ts';
import { addressedObject } from './addressed-object.ts';
import { versionHeader } from './reply-headers.ts';

/** GetObjectTagging (protocol sheet, section 5.9): without tags the set is empty. */
export const getObjectTagging: Operation = {
  name: 'GetObjectTagging',
  method: 'GET',
  level: 'object',
  subresource: 'tagging',
  action: 'oss:GetObjectTagging',
  resource: 'object',
  async handle(exchange) {
    const { record, tags } = addressedObject(exchange);
    return xmlReply(taggingNode(tags), versionHeader(bucketOf(exchange), record));
  },
};

export const getObjectVersionTagging: Operation = {
  ...getObjectTagging,
  name: 'GetObjectVersionTagging',
  with: ['versionId'],
  action: 'oss:GetObjectVersionTagging',
};
