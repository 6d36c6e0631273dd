import type { Identity } from './identity.ts';

/** The access keys that may sign. A disabled or deleted key is not found. */
export interface Credentials {
  find(accessKeyId: string): Credential | undefined;
}

export interface Credential {
  /** What signatures are computed with; it is never logged, shown or put into an error. */
  readonly secret: string;
  readonly identity: Identity;
}
