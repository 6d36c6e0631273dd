/**
 * A certificate that vouches for itself, for a server on this machine: X.509 in DER, as much of it as TLS asks for. It
 * is written here because node makes none, and not everybody who runs the tests has OpenSSL.
 */

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface SelfSigned {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateFacts {
  readonly commonName?: string;
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
}

const HOUR_MS = 60 * 60_000;
/** What a tag of DER says: a bare number of the standard is easier to look up than a name of ours. */
const [INTEGER, BIT_STRING, OCTETS, OID, UTF8, SEQUENCE, SET, UTC_TIME] = [2, 3, 4, 6, 12, 48, 49, 23];

export function selfSigned(facts: CertificateFacts = {}): SelfSigned {
  const {
    commonName = 'stocktake-test',
    notBeforeMs = Date.now() - HOUR_MS,
    notAfterMs = Date.now() + 90 * 24 * HOUR_MS,
  } = facts;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(SEQUENCE, oid(1, 2, 840, 10045, 4, 3, 2)); // ecdsa-with-SHA256
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, oid(2, 5, 4, 3), der(UTF8, Buffer.from(commonName)))));
  const names = der(SEQUENCE, der(0x82, Buffer.from('localhost')), der(0x87, Buffer.of(127, 0, 0, 1)));
  const extensions = [
    der(SEQUENCE, oid(2, 5, 29, 17), der(OCTETS, names)),
    der(SEQUENCE, oid(2, 5, 29, 19), der(OCTETS, der(SEQUENCE, der(1, Buffer.of(0xff))))), // it may vouch
  ];
  const body = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.of(2))), // version 3
    der(INTEGER, Buffer.of(1), randomBytes(8)),
    algorithm,
    name,
    der(SEQUENCE, time(notBeforeMs), time(notAfterMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, ...extensions)),
  );
  const certificate = der(SEQUENCE, body, algorithm, der(BIT_STRING, Buffer.of(0), sign('sha256', body, privateKey)));
  const lines = certificate.toString('base64').replace(/.{64}/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const head = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
}

function oid(first: number, second: number, ...more: readonly number[]): Buffer {
  const septets = (number: number): number[] =>
    number < 0x80 ? [number] : [...septets(number >> 7).map((byte) => byte | 0x80), number & 0x7f];
  return der(OID, Buffer.of(40 * first + second, ...more.flatMap(septets)));
}

function time(ms: number): Buffer {
  return der(UTC_TIME, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));
}
