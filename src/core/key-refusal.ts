/** What a key service says of a master key that it can't work with: expected failures, told in the words of whoever asked. */

import { DomainError, type ErrorCode } from './errors.ts';

const KEY_REFUSALS: readonly ErrorCode[] = [
  'EncryptionKeyNotFound',
  'EncryptionKeyDisabled',
  'EncryptionKeyPendingDeletion',
  'EncryptionKeyNotSymmetric',
  'KeyServiceOff',
];

/** The key that was named, or meant, can't be used. */
export function isKeyRefusal(error: unknown): error is DomainError {
  return error instanceof DomainError && KEY_REFUSALS.includes(error.code);
}
