/** The versioning of a bucket as XML (protocol sheet, section 5.1). */

import type { Versioning } from '../../core/bucket.ts';
import { DomainError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { childText, node, type XmlElement, type XmlNode } from '../../core/xml.ts';

export const VERSIONING_ROOT = 'VersioningConfiguration';

/** Reads a PUT body. There is no way back to "never set", so no word for it either. */
export function readVersioning(root: XmlElement): Versioning {
  const status = childText(root, 'Status')?.trim() ?? '';
  if (status === 'Enabled' || status === 'Suspended') return status;
  if (status === '') {
    throw new DomainError('InvalidArgument', 'The Versioning element must be specified.', { ArgumentName: 'Status' });
  }
  throw new DomainError(
    'MalformedXml',
    `Status of ${VERSIONING_ROOT} is "${printable(status)}" where Enabled, Suspended are accepted.`,
  );
}

/** As GET answers it: empty as long as it was never set. */
export function versioningNode(versioning: Versioning | undefined): XmlNode {
  return node(VERSIONING_ROOT, versioning === undefined ? [] : [node('Status', versioning)]);
}
