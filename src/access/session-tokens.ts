/** The security token of a session: the session itself, sealed by the key file and written as base64url. */

import assert from 'node:assert/strict';
import { z } from 'zod';
import type { Policy } from '../core/policy.ts';
import { parsePolicyText } from '../core/policy-document.ts';
import type { SecretSealer } from './secret-sealer.ts';

/** What the token is sealed under, so that nothing else that was sealed passes for one. */
const NAME = 'session-token';

/** The longest token that is looked at. */
export const MAX_TOKEN_CHARACTERS = 8 * 1024;

/** The longest policy of a session, in bytes: however its JSON is escaped, its token keeps to the bound. */
export const MAX_SESSION_POLICY_BYTES = 2048;

/** To open a token costs several times what proving a signature does, so those in use stay open: some 10 MB of them. */
const MAX_OPEN = 1024;

const sessionSchema = z.strictObject({
  accessKeyId: z.string(),
  secret: z.string(),
  roleId: z.string(),
  sessionName: z.string(),
  /** JSON, as it came. */
  policyText: z.string().exactOptional(),
  expiresAtMs: z.number(),
});

export type Session = Readonly<z.infer<typeof sessionSchema>>;

export interface OpenSession extends Session {
  readonly policy?: Policy;
}

export class SessionTokens {
  readonly #sealer: SecretSealer;
  /** By token, the one that was used last at the end. */
  readonly #open = new Map<string, OpenSession>();

  constructor(sealer: SecretSealer) {
    this.#sealer = sealer;
  }

  seal(session: Session): string {
    const { bytes } = this.#sealer.seal(NAME, Buffer.from(JSON.stringify(session)));
    const token = Buffer.from(bytes).toString('base64url');
    assert(token.length <= MAX_TOKEN_CHARACTERS, 'a session has a token longer than any that is looked at');
    return token;
  }

  /** The session of a token that was sealed by the same key file; undefined for every other text. */
  open(token: string): OpenSession | undefined {
    const session = this.#open.get(token) ?? this.#read(token);
    if (session === undefined) return undefined;
    this.#open.delete(token);
    this.#open.set(token, session);
    const oldest = this.#open.keys().next();
    if (this.#open.size > MAX_OPEN && !oldest.done) this.#open.delete(oldest.value);
    return session;
  }

  #read(token: string): OpenSession | undefined {
    if (token.length > MAX_TOKEN_CHARACTERS) return undefined;
    const bytes = Buffer.from(token, 'base64url');
    // Decoding passes over what is no base64url and over the last odd bits: the token is the one text that we wrote.
    if (bytes.toString('base64url') !== token) return undefined;
    const plain = this.#sealer.open(NAME, bytes);
    if (plain === undefined) return undefined;
    const session = sessionSchema.parse(JSON.parse(Buffer.from(plain).toString()));
    const { policyText } = session;
    return policyText === undefined ? session : { ...session, policy: parsePolicyText(policyText, 'session') };
  }
}
