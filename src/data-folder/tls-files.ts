/**
 * The certificate that a server shows and its private key, from files that something else renews. They are looked at
 * every few seconds rather than watched, because tools replace them by renames and links, which watching misses. New
 * ones that are no good leave the ones before in force.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import { readGuardedFile } from './guarded-file.ts';

export interface TlsIdentity {
  /** As PEM, the server's own certificate first. */
  readonly cert: string;
  readonly key: string;
}

export type TlsEvent =
  | { readonly kind: 'loaded'; readonly expiresAt: string; readonly subject: string }
  | { readonly kind: 'expiring' | 'expired'; readonly expiresAt: string; readonly text: string }
  | { readonly kind: 'kept'; readonly text: string; readonly cause: unknown };

export interface TlsFilesOptions {
  readonly certificate: string;
  readonly key: string;
  readonly clock: Clock;
  readonly onEvent: (event: TlsEvent) => void;
  readonly lookEveryMs?: number;
}

const DAY_MS = 24 * 60 * 60_000;
/** Certificates that live for months are renewed weeks before their end. */
const SOON_MS = 14 * DAY_MS;
const LOOK_EVERY_MS = 5_000;
const MAX_FILE_BYTES = 1024 * 1024;

export class TlsFiles {
  readonly #options: TlsFilesOptions;
  #identity: TlsIdentity;
  #expiresAtMs: number;
  #warnedAtMs = 0;
  #seen: string;
  #use: (identity: TlsIdentity) => void = () => undefined;
  readonly #timer: NodeJS.Timeout;

  /** Reads them; throws in words when they can't be used. */
  constructor(options: TlsFilesOptions) {
    this.#options = options;
    this.#seen = this.#state();
    const { identity, certificate } = this.#read();
    this.#identity = identity;
    this.#expiresAtMs = certificate.validToDate.getTime();
    this.#tellOf(certificate);
    this.#timer = setInterval(() => this.#look(), options.lookEveryMs ?? LOOK_EVERY_MS).unref();
  }

  get identity(): TlsIdentity {
    return this.#identity;
  }

  /** Hands each later pair to `use`. */
  follow(use: (identity: TlsIdentity) => void): void {
    this.#use = use;
  }

  /** Reads them again, changed or not. */
  reload(): void {
    this.#seen = this.#state();
    try {
      const { identity, certificate } = this.#read();
      this.#use(identity);
      this.#identity = identity;
      this.#expiresAtMs = certificate.validToDate.getTime();
      this.#tellOf(certificate);
    } catch (cause) {
      const text = `The TLS certificate was not reloaded, and the one before stays in force: ${(cause as Error).message}`;
      this.#options.onEvent({ kind: 'kept', text, cause });
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#state() !== this.#seen) this.reload();
    else if (this.#options.clock.now() - this.#warnedAtMs >= DAY_MS) this.#warn();
  }

  /** Tells one content of the files from another, as far as that can be told without reading them. */
  #state(): string {
    return [this.#options.certificate, this.#options.key].map(stateOf).join(', ');
  }

  #read(): { readonly identity: TlsIdentity; readonly certificate: X509Certificate } {
    const { certificate: file, key: keyFile } = this.#options;
    const cert = readCertificateFile(file);
    const certificate = parseCertificate(file, cert);
    const key = readGuardedFile({ file: keyFile, what: 'TLS key file', flag: '--tls-key', maxBytes: MAX_FILE_BYTES });
    if (key === undefined) throw new Error(`The TLS key file "${keyFile}" is missing.`);
    assertFits(keyFile, key, { file, certificate });
    return { identity: { cert, key }, certificate };
  }

  #tellOf({ subjectAltName, subject, validToDate }: X509Certificate): void {
    this.#options.onEvent({ kind: 'loaded', expiresAt: validToDate.toISOString(), subject: subjectAltName ?? subject });
    this.#warn();
  }

  /** Of an end that is near, now and once a day from then on. */
  #warn(): void {
    const { certificate: file, clock, onEvent } = this.#options;
    const nowMs = clock.now();
    this.#warnedAtMs = nowMs;
    const leftMs = this.#expiresAtMs - nowMs;
    if (leftMs >= SOON_MS) return;
    const expiresAt = new Date(this.#expiresAtMs).toISOString();
    if (leftMs <= 0) {
      const text = `The TLS certificate "${file}" has expired: clients refuse it. Renew it.`;
      onEvent({ kind: 'expired', expiresAt, text });
    } else {
      const text = `The TLS certificate "${file}" expires in ${Math.floor(leftMs / DAY_MS)} days. Renew it; the server takes up the new one by itself.`;
      onEvent({ kind: 'expiring', expiresAt, text });
    }
  }
}

/** Whatever keeps a file from being looked at is a state like any other: the next one may be better. */
function stateOf(file: string): string {
  try {
    const { ino, size, mtimeMs, mode } = statSync(file);
    return `${ino} ${size} ${mtimeMs} ${mode}`;
  } catch (error) {
    return String(error);
  }
}

function readCertificateFile(file: string): string {
  try {
    const status = statSync(file);
    if (status.isFile() && status.size <= MAX_FILE_BYTES) return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Error(`The TLS certificate "${file}" can't be read: ${(cause as Error).message}`, { cause });
  }
  throw new Error(`The TLS certificate "${file}" is no regular file of at most ${MAX_FILE_BYTES} bytes.`);
}

function parseCertificate(file: string, text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw new Error(`The file "${file}" holds no certificate in PEM form. Name one with --tls-cert.`, { cause });
  }
}

function assertFits(keyFile: string, key: string, shown: { file: string; certificate: X509Certificate }): void {
  let isOfCertificate: boolean;
  try {
    isOfCertificate = shown.certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    // Without a cause: what was read is a secret.
    throw new Error(`The TLS key file "${keyFile}" holds no private key in PEM form without a password.`);
  }
  if (isOfCertificate) return;
  throw new Error(`The key in "${keyFile}" is not that of the certificate in "${shown.file}".`);
}
