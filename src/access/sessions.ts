/**
 * Access keys and what they stand for: the lasting ones of the directory, and those of sessions, of which nothing is
 * stored. The token of a session holds all there is to know of it; what its role may do is looked up at each use
 * (docs/decisions/0012-sessions.md).
 */

import { SESSION_KEY_PREFIX } from '../core/access-entities.ts';
import { DomainError } from '../core/errors.ts';
import type { Credential, Credentials } from './credentials.ts';
import type { Directory, RoleFacts } from './directory-facts.ts';
import { newSecret, newSessionKeyId } from './new-ids.ts';
import type { SecretSealer } from './secret-sealer.ts';
import { type OpenSession, SessionTokens } from './session-tokens.ts';

export interface SessionRequest {
  readonly role: RoleFacts;
  readonly sessionName: string;
  /** The text of a policy, of at most `MAX_SESSION_POLICY_BYTES`. */
  readonly sessionPolicy?: string;
  readonly seconds: number;
  readonly nowMs: number;
}

/** Shown once, to whoever asked for the session. */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secret: string;
  readonly securityToken: string;
  /** A whole second; from then on they are good for nothing. */
  readonly expiresAtMs: number;
}

export class Sessions implements Credentials {
  readonly #directory: Directory;
  readonly #tokens: SessionTokens;

  constructor(directory: Directory, sealer: SecretSealer) {
    this.#directory = directory;
    this.#tokens = new SessionTokens(sealer);
  }

  /** Starts a session of the role. Whether whoever asks may have one is for the caller to know. */
  issue({ role, sessionName, sessionPolicy, seconds, nowMs }: SessionRequest): SessionCredentials {
    const key = {
      accessKeyId: newSessionKeyId(),
      secret: newSecret(),
      expiresAtMs: (Math.floor(nowMs / 1000) + seconds) * 1000,
    };
    const policy = sessionPolicy === undefined ? {} : { policyText: sessionPolicy };
    return { ...key, securityToken: this.#tokens.seal({ ...key, roleId: role.id, sessionName, ...policy }) };
  }

  /** A lasting key comes back whatever the token beside it: that it has none is told once the signature is proven. */
  find(accessKeyId: string, securityToken: string | undefined, nowMs: number): Credential {
    const lasting = this.#findLasting(accessKeyId);
    if (lasting !== undefined) return lasting;
    if (securityToken === undefined || !accessKeyId.startsWith(SESSION_KEY_PREFIX)) {
      const message = 'The OSS Access Key Id you provided does not exist in our records.';
      throw new DomainError('InvalidAccessKeyId', message, { OSSAccessKeyId: accessKeyId });
    }
    const session = this.#tokens.open(securityToken);
    if (session === undefined) throw invalidSecurityToken();
    if (session.accessKeyId !== accessKeyId) {
      const message = 'The OSS access key id and security token you provided does not match.';
      throw new DomainError('SecurityTokenMismatch', message);
    }
    if (nowMs >= session.expiresAtMs) {
      throw new DomainError('SecurityTokenExpired', 'The security token you provided has expired.');
    }
    return this.#credentialOf(session);
  }

  #findLasting(accessKeyId: string): Credential | undefined {
    const holder = this.#directory.findAccessKey(accessKeyId);
    if (holder === undefined) return undefined;
    const { secret, identity, keyState, holderState } = holder;
    if (keyState === 'disabled') {
      const message = 'The OSS Access Key Id you provided is disabled.';
      throw new DomainError('AccessKeyDisabled', message, { OSSAccessKeyId: accessKeyId });
    }
    if (holderState === 'disabled') throw userDisabled();
    return { secret, identity };
  }

  #credentialOf({ accessKeyId, secret, roleId, sessionName, policy }: OpenSession): Credential {
    const role = this.#directory.findRoleById(roleId);
    // The role is gone, and its sessions with it.
    if (role === undefined) throw invalidSecurityToken();
    if (role.accountState === 'disabled') throw userDisabled();
    const { accountId, name: roleName, policies } = role;
    const identity = { kind: 'session', accountId, accessKeyId, roleId, roleName, sessionName, policies } as const;
    return { secret, identity: policy === undefined ? identity : { ...identity, sessionPolicy: policy } };
  }
}

/** The refusal of a token that is no good here; it doesn't say why. */
export function invalidSecurityToken(): DomainError {
  return new DomainError('InvalidSecurityToken', 'The security token you provided is invalid.');
}

function userDisabled(): DomainError {
  return new DomainError('UserDisabled', 'The account or the user that the access key belongs to is disabled.');
}
