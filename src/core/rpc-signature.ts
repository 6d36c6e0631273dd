/** The signature of STS's RPC requests, version 1.0: HMAC-SHA1 over all parameters (docs/reference/sts.md). */

import { createHmac } from 'node:crypto';
import { encodeComponent } from './request-target.ts';

/** Parameters by name, decoded, wherever in the request they stood. */
export type Parameters = ReadonlyMap<string, string>;

export function rpcStringToSign(method: string, parameters: Parameters): string {
  const names = [...parameters.keys()].filter((name) => name !== 'Signature').sort();
  const terms = names.map((name) => `${encodeComponent(name)}=${encodeComponent(parameters.get(name) ?? '')}`);
  return `${method}&%2F&${encodeComponent(terms.join('&'))}`;
}

export function rpcSignature(secret: string, stringToSign: string): string {
  return createHmac('sha1', `${secret}&`).update(stringToSign).digest('base64');
}
