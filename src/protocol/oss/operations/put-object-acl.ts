import { DomainError } from '../../../core/errors.ts';
import { objectAddress } from '../object-address.ts';
import { bucketOf, emptyReply, type Operation } from '../operation.ts';
import { addressedObject } from './addressed-object.ts';
import { readObjectAcl } from './new-object.ts';
import { versionHeader } from './reply-headers.ts';

/** PutObjectAcl (protocol sheet, section 5.9): the ACL is all in the header. */
export const putObjectAcl: Operation = {
  name: 'PutObjectAcl',
  method: 'PUT',
  level: 'object',
  subresource: 'acl',
  action: 'oss:PutObjectAcl',
  resource: 'object',
  async handle(exchange) {
    const { request, services } = exchange;
    const bucket = bucketOf(exchange);
    const acl = readObjectAcl(request.headers);
    if (acl === undefined) {
      throw new DomainError(
        'MissingArgument',
        'Missing Some Required Arguments. The header x-oss-object-acl is required.',
        { ArgumentName: 'x-oss-object-acl' },
      );
    }
    addressedObject(exchange);
    const record = await services.store.change(objectAddress(exchange), { acl });
    return emptyReply(200, versionHeader(bucket, record));
  },
};

export const putObjectVersionAcl: Operation = {
  ...putObjectAcl,
  name: 'PutObjectVersionAcl',
  with: ['versionId'],
  action: 'oss:PutObjectVersionAcl',
};
