/** What is said in several places of objects that are not there, or are there already. */

import { DomainError } from './errors.ts';
import { printable } from './printable.ts';

export function noSuchKey(key: string): DomainError {
  return new DomainError('NoSuchKey', 'The specified key does not exist.', { Key: key });
}

export function noSuchVersion(key: string, versionId: string): DomainError {
  return new DomainError('NoSuchVersion', 'The specified version does not exist.', {
    Key: key,
    VersionId: printable(versionId),
  });
}

/** A delete marker can be removed and nothing else. */
export function deleteMarkerNotAllowed(): DomainError {
  return new DomainError('DeleteMarkerNotAllowed', 'The specified method is not allowed against this resource.', {
    ResourceType: 'DeleteMarker',
  });
}

export function fileAlreadyExists(key: string): DomainError {
  return new DomainError('FileAlreadyExists', 'The object you specified already exists and can not be overwritten.', {
    Key: key,
  });
}

export function noSuchUpload(uploadId: string): DomainError {
  return new DomainError(
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { UploadId: printable(uploadId) },
  );
}
