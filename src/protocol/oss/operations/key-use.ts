/** Master keys are guarded by permissions of their own, beside those for objects (protocol sheet, section 4.2). */

import { keyResource } from '../../../access/resource.ts';
import type { EncryptionChoice, StoredObject } from '../../../core/stored-object.ts';
import type { Exchange, FurtherPermission } from '../operation.ts';

export const MAY_ENCRYPT: FurtherPermission = {
  action: 'kms:GenerateDataKey',
  on: 'the master key, of an object to be encrypted with KMS',
};
export const MAY_DECRYPT: FurtherPermission = {
  action: 'kms:Decrypt',
  on: 'the master key, of an object encrypted with KMS',
};

/** Throws unless new objects may be encrypted so. */
export function assertMayEncrypt(exchange: Exchange, choice: EncryptionChoice | undefined): void {
  if (choice?.algorithm === 'KMS') assertKeyAllowed(exchange, MAY_ENCRYPT, choice.keyId);
}

/** Throws unless the bytes of the object may be read, should a master key guard them. */
export function assertMayDecrypt(exchange: Exchange, { record, keyId }: StoredObject): void {
  if (record.encryption === 'KMS') assertKeyAllowed(exchange, MAY_DECRYPT, keyId);
}

/** The keys are those of the server's own account, whoever owns the bucket. */
function assertKeyAllowed(exchange: Exchange, { action }: FurtherPermission, keyId: string | undefined): void {
  exchange.assertAllowed(action, keyResource(exchange.services.settings.accountId, keyId));
}
