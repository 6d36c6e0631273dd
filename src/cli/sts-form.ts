/** Requests of STS as a client signs them (docs/reference/sts.md): a form, with the signature in it. */

import { randomUUID } from 'node:crypto';
import { formatQuery } from '../core/request-target.ts';
import { rpcSignature, rpcStringToSign } from '../core/rpc-signature.ts';
import type { SigningKey } from './signing-key.ts';

/** The body of a POST that asks for an XML answer. */
export function stsForm(
  parameters: Readonly<Record<string, string>>,
  { accessKeyId, secret, securityToken }: SigningKey,
): string {
  const signed = new Map(
    Object.entries({
      ...parameters,
      AccessKeyId: accessKeyId,
      ...(securityToken !== undefined && { SecurityToken: securityToken }),
      Format: 'XML',
      SignatureMethod: 'HMAC-SHA1',
      SignatureNonce: randomUUID(),
      SignatureVersion: '1.0',
      Timestamp: new Date().toISOString(),
      Version: '2015-04-01',
    }),
  );
  return formatQuery([...signed, ['Signature', rpcSignature(secret, rpcStringToSign('POST', signed))]]);
}
