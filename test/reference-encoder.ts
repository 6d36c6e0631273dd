/** The rows of a report, written slowly and plainly from docs/reference/report.md: what the engine's bytes are held against. */

import type { ObjectRecord } from '../src/core/record.ts';
import type { Column } from '../src/core/report-columns.ts';
import type { RowForm } from '../src/inventory/row-encoder.ts';

export interface ReferenceRow {
  readonly key: string;
  readonly record: ObjectRecord;
}

export function referenceRow({ bucket, columns, nullVersionId }: RowForm, row: ReferenceRow): string {
  const { record } = row;
  const quoted = columns.slice(1).map((column) => {
    const text = record.isDeleteMarker ? textOfMarker(column, row) : textOf(column, row);
    const shown = column === 'VersionId' && record.versionId === '' ? nullVersionId : text;
    return `"${shown.replaceAll('"', '""')}"`;
  });
  return `${[bucket, ...quoted].join(',')}\n`;
}

/** A delete marker has a key, a version and a time; of content it says nothing, or no. */
function textOfMarker(column: Column, row: ReferenceRow): string {
  switch (column) {
    case 'Size':
    case 'TransitionTime':
    case 'ETag':
    case 'StorageClass':
    case 'ObjectAcl':
    case 'TaggingCount':
    case 'ObjectType':
    case 'Crc64':
      return '';
    case 'IsMultipartUploaded':
    case 'EncryptionStatus':
      return 'false';
    default:
      return textOf(column, row);
  }
}

function textOf(column: Column, { key, record }: ReferenceRow): string {
  switch (column) {
    case 'Bucket':
      throw new Error('the bucket is the first column and nothing else');
    case 'Key':
      return percentEncoded(key);
    case 'VersionId':
      return record.versionId;
    case 'IsLatest':
      return String(record.isLatest);
    case 'IsDeleteMarker':
      return String(record.isDeleteMarker);
    case 'Size':
      return String(record.sizeBytes);
    case 'LastModifiedDate':
      return timestamp(record.lastModifiedMs);
    case 'TransitionTime':
      return record.transitionMs === undefined ? '' : timestamp(record.transitionMs);
    case 'ETag':
      return record.etag;
    case 'StorageClass':
      return record.storageClass;
    case 'IsMultipartUploaded':
      return String(record.isMultipartUploaded);
    case 'EncryptionStatus':
      return String(record.encryption !== 'none');
    case 'ObjectAcl':
      return record.acl;
    case 'TaggingCount':
      return String(record.tagCount);
    case 'ObjectType':
      return record.objectType;
    case 'Crc64':
      return record.crc64 === undefined ? '' : String(record.crc64);
    case 'LastAccessDate':
    case 'LastAccessTimestamp':
      return 'null';
  }
}

/** `encodeURIComponent` leaves five more characters bare than the report does. */
export function percentEncoded(key: string): string {
  return encodeURIComponent(key).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
}
