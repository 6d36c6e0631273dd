import { deleteMarkerNotAllowed, noSuchKey } from '../../../core/object-errors.ts';
import { type ObjectAddress, type StoredObject, shownVersionId } from '../../../core/stored-object.ts';
import { withHeaders } from '../wire-error.ts';

/** Throws for a delete marker: `NoSuchKey` when it is the latest version, `DeleteMarkerNotAllowed` when it was named
 *  (protocol sheet, section 5.4). */
export function assertNoMarker({ key, versionId }: ObjectAddress, { record }: StoredObject): void {
  if (!record.isDeleteMarker) return;
  throw withHeaders(versionId === undefined ? noSuchKey(key) : deleteMarkerNotAllowed(), {
    'x-oss-delete-marker': 'true',
    'x-oss-version-id': shownVersionId(record),
  });
}
