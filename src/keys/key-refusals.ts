/** Why a key can't be used, in words. */

import { DomainError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { KeyRecord } from './key-records.ts';

export function keyNotFound(id: string): DomainError {
  return new DomainError(
    'EncryptionKeyNotFound',
    `There is no encryption key "${printable(id)}". "stocktake key list" shows those there are.`,
    { KeyId: printable(id) },
  );
}

export function keyPendingDeletion({ id, deletionAtMs = 0 }: KeyRecord): DomainError {
  return new DomainError(
    'EncryptionKeyPendingDeletion',
    `The encryption key "${id}" is to be deleted at ${new Date(deletionAtMs).toISOString()}. Cancel that first, if it is still needed.`,
    { KeyId: id },
  );
}

export function keyExists(id: string, existing: KeyRecord | undefined): DomainError {
  return new DomainError(
    'EncryptionKeyExists',
    existing?.state === 'destroyed'
      ? `There was an encryption key "${id}", which was deleted; its id is not given again.`
      : `There is an encryption key "${id}" already.`,
    { KeyId: id },
  );
}

export function keyServiceOff(): DomainError {
  return new DomainError(
    'KeyServiceOff',
    'The key service is switched off (keyService: false), so SSE-KMS is not available; SSE-OSS is.',
  );
}

/** Only an enabled symmetric key encrypts and decrypts. */
export function assertUsable(record: KeyRecord): void {
  if (record.spec !== 'SYMMETRIC') {
    throw new DomainError(
      'EncryptionKeyNotSymmetric',
      `The encryption key "${record.id}" is ${record.spec}; a symmetric one is expected.`,
      { KeyId: record.id },
    );
  }
  if (record.state === 'pendingDeletion') throw keyPendingDeletion(record);
  if (record.state !== 'disabled') return;
  throw new DomainError('EncryptionKeyDisabled', `The encryption key "${record.id}" is disabled. Enable it first.`, {
    KeyId: record.id,
  });
}
