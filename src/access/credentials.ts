/** The access keys that may sign, lasting ones and those of sessions. */

import type { Identity } from './identity.ts';

export interface Credentials {
  /**
   * The key behind an access key id. Throws `InvalidAccessKeyId`, `AccessKeyDisabled` or `UserDisabled`, and for the
   * token of a session `InvalidSecurityToken`, `SecurityTokenExpired` or `SecurityTokenMismatch`.
   */
  find(accessKeyId: string, securityToken: string | undefined, nowMs: number): Credential;
}

export interface Credential {
  /** What signatures are computed with; it is never logged, shown or put into an error. */
  readonly secret: string;
  readonly identity: Identity;
}
