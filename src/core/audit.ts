/**
 * What the audit log tells: each action that changes how the service is set up or who may use it, and each refusal.
 * Never a secret, a signature or a token; the log itself bounds every text and adds the time.
 */

export interface AuditEntry {
  /**
   * `done`: an action that changed something. `refused`: a request whose sender was not who it claimed to be, or may not
   * do what it asked for (403). `failed`: an action that was allowed, and went wrong.
   */
  readonly outcome: 'done' | 'refused' | 'failed';
  readonly requestId: string;
  /** As in `PutBucketInventory` or `CreateUser`; absent when the request was refused before it was known. */
  readonly operation?: string;
  /** The permission and the resource that were asked about last. */
  readonly action?: string;
  readonly resource?: string;
  /** Absent when the request was refused before anybody was proven to have signed it. */
  readonly identity?: AuditIdentity;
  /** As the request claims it, when no identity was proven. */
  readonly claimedAccessKeyId?: string;
  readonly sourceIp?: string;
  readonly userAgent?: string;
  /** The code of the error, and its words. */
  readonly code?: string;
  readonly message?: string;
  /** What changed, in names. */
  readonly target?: string;
}

/** Who did it, in names. */
export interface AuditIdentity {
  readonly kind: 'anonymous' | 'root' | 'user' | 'session';
  readonly accountId?: string;
  /** Of a user, or of a session's role. */
  readonly name?: string;
  /** Of a session: who said to be whom. */
  readonly session?: string;
  readonly accessKeyId?: string;
}

export interface AuditTrail {
  /** Writes a line, which is on disk when this returns if the outcome is `done`. Never throws. */
  record(entry: AuditEntry): void;
}
