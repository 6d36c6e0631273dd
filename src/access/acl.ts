/** What the ACLs of objects and buckets grant to everybody (protocol sheet, section 4.4). */

import type { Bucket } from '../core/bucket.ts';
import type { Resource } from './access.ts';

/** What an ACL asked about an action answers, and whose it was. */
export interface AclAnswer {
  readonly isGranted: boolean;
  readonly from: 'object' | 'bucket';
}

const READ: ReadonlySet<string> = new Set(['oss:getobject', 'oss:getobjectversion']);
const WRITE: ReadonlySet<string> = new Set([
  'oss:putobject',
  'oss:deleteobject',
  'oss:abortmultipartupload',
  'oss:listparts',
]);

/**
 * The ACL of the object decides, and where it is `default` or there is no object, that of the bucket. Undefined where
 * ACLs have no say: at actions about a bucket, a single version, tags or ACLs. An object that can't be looked up has a
 * say of its own that nobody heard, so nothing is granted. `action` is in lower case.
 */
export function askAcl(action: string, { level, bucket, object }: Resource): AclAnswer | undefined {
  const isWrite = WRITE.has(action);
  if (level !== 'object' || bucket === undefined || !(isWrite || READ.has(action))) return undefined;
  if (object === undefined) return { isGranted: false, from: 'object' };
  const own = object()?.acl ?? 'default';
  const from = own === 'default' ? 'bucket' : 'object';
  return { isGranted: isPublic(own === 'default' ? bucket.acl : own, isWrite), from };
}

function isPublic(acl: Bucket['acl'], isWrite: boolean): boolean {
  return acl === 'public-read-write' || (acl === 'public-read' && !isWrite);
}
