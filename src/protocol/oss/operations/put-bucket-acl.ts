import { BUCKET_ACLS } from '../../../core/bucket.ts';
import { DomainError } from '../../../core/errors.ts';
import { acceptedWord } from '../accepted-word.ts';
import { bucketOf, emptyReply, type Operation } from '../operation.ts';

const HEADER = 'x-oss-acl';

/** PutBucketAcl (protocol sheet, section 5.1): the ACL is all in the header. */
export const putBucketAcl: Operation = {
  name: 'PutBucketAcl',
  method: 'PUT',
  level: 'bucket',
  subresource: 'acl',
  action: 'oss:PutBucketAcl',
  resource: 'bucket',
  async handle(exchange) {
    const { request, services } = exchange;
    const bucket = bucketOf(exchange);
    const value = request.headers[HEADER];
    if (value === undefined || value === '') {
      throw new DomainError('MissingArgument', `Missing Some Required Arguments. The header ${HEADER} is required.`, {
        ArgumentName: HEADER,
      });
    }
    const acl = acceptedWord(BUCKET_ACLS, value, { name: HEADER });
    await services.store.changeBucket(bucket, { acl });
    return emptyReply(200);
  },
};
