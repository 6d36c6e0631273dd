import { bucketResource } from '../../../access/resource.ts';
import { BUCKET_ACLS } from '../../../core/bucket.ts';
import { DomainError } from '../../../core/errors.ts';
import { printable } from '../../../core/printable.ts';
import { STORAGE_CLASSES } from '../../../core/record.ts';
import { childText, type XmlElement } from '../../../core/xml.ts';
import { acceptedWord } from '../accepted-word.ts';
import { parseDocument, readDocumentBytes } from '../document-body.ts';
import { type Exchange, emptyReply, type Operation } from '../operation.ts';
import { bucketToBe } from '../permissions.ts';
import { refuseUnservedHeaders } from '../unserved-headers.ts';
import { accountOf } from './account-of.ts';

const BODY_LIMITS = { maxBytes: 64 * 1024, maxDepth: 8, maxElements: 100 };
const REDUNDANCIES = ['LRS', 'ZRS'] as const;

/**
 * PutBucket (protocol sheet, section 5.1), with `LocationConstraint` naming one of the served regions. Also where there
 * is such a bucket already, the permission is that to make it as one of the asking account.
 */
export const putBucket: Operation = {
  name: 'PutBucket',
  method: 'PUT',
  level: 'bucket',
  action: 'oss:PutBucket',
  resource: 'bucket',
  asks: 'itself',
  also: [{ action: 'oss:PutBucketAcl', on: 'the bucket, with an `x-oss-acl` other than `private`' }],
  async handle(exchange) {
    const { request, services, bucketName } = exchange;
    const owner = accountOf(exchange.identity);
    refuseUnservedHeaders(request);
    const wanted = await readConfiguration(exchange);
    const storageClass = oneOf(STORAGE_CLASSES, childOf(wanted, 'StorageClass'), 'StorageClass') ?? 'Standard';
    const redundancy = oneOf(REDUNDANCIES, childOf(wanted, 'DataRedundancyType'), 'DataRedundancyType') ?? 'LRS';
    const acl = oneOf(BUCKET_ACLS, request.headers['x-oss-acl'], 'x-oss-acl') ?? 'private';
    // The region that the host names is where a bucket goes whose body names none: from there it is reached.
    const fallback = exchange.hostRegion ?? services.settings.regions[0];
    const region = regionOf(childOf(wanted, 'LocationConstraint'), services.settings.regions, fallback);
    const bucket = bucketResource(bucketToBe({ name: bucketName, region, owner }));
    exchange.assertAllowed('oss:PutBucket', bucket);
    if (acl !== 'private') exchange.assertAllowed('oss:PutBucketAcl', bucket);
    await services.store.createBucket({ name: bucketName, region, owner, storageClass, redundancy, acl });
    return emptyReply(200, { Location: `/${bucketName}` });
  },
};

async function readConfiguration({ request }: Exchange): Promise<XmlElement | undefined> {
  const body = await readDocumentBytes(request, BODY_LIMITS.maxBytes);
  return body.length === 0 ? undefined : parseDocument(body, 'CreateBucketConfiguration', BODY_LIMITS);
}

function childOf(root: XmlElement | undefined, name: string): string | undefined {
  return root === undefined ? undefined : childText(root, name)?.trim();
}

/** Left out and left empty are one. */
function oneOf<T extends string>(accepted: readonly T[], value: string | undefined, name: string): T | undefined {
  return value === undefined || value === '' ? undefined : acceptedWord(accepted, value, { name });
}

/** Clients write the region (`cn-hangzhou`) or the location (`oss-cn-hangzhou`). */
function regionOf(constraint: string | undefined, regions: readonly string[], fallback: string): string {
  if (constraint === undefined || constraint === '') return fallback;
  const region = constraint.replace(/^oss-/, '');
  if (regions.includes(region)) return region;
  throw new DomainError(
    'InvalidLocationConstraint',
    `The specified location constraint is not valid: "${printable(constraint)}" is none of the served regions ${regions.join(', ')}.`,
    { LocationConstraint: printable(constraint) },
  );
}
