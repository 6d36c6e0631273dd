/** Which version of an object a request means. */

import { DomainError } from '../../core/errors.ts';
import type { Query } from '../../core/request-target.ts';
import type { ObjectAddress } from '../../core/stored-object.ts';
import { bucketOf, type Exchange } from './operation.ts';

/** The object of the request, and its version where `versionId` names one. */
export function objectAddress(exchange: Exchange): ObjectAddress {
  const bucket = bucketOf(exchange).name;
  return { bucket, key: exchange.key, ...versionParameter(exchange.query) };
}

/** The version that a query names. Named and empty it is refused: what was meant may be any version. */
export function versionParameter(query: Query): Pick<ObjectAddress, 'versionId'> {
  const versionId = query.get('versionId');
  if (versionId === undefined) return {};
  if (versionId !== '') return { versionId };
  throw new DomainError('VersionIdInvalid', 'Version id can not be the empty string.', {
    ArgumentName: 'versionId',
    ArgumentValue: '',
  });
}
