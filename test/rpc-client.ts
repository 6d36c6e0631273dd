/** Signs requests of STS as its clients do: after the description of the signature, not with the server's own code. */

import { createHmac } from 'node:crypto';

export interface RpcKey {
  readonly accessKeyId: string;
  readonly secret: string;
  readonly securityToken?: string;
}

export interface RpcCall {
  readonly key: RpcKey;
  readonly method?: 'GET' | 'POST';
  readonly atMs: number;
  /** What is asked, beside what every request has; undefined takes something away. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
}

let calls = 0;

/** All parameters of the request, the signature among them. */
export function signRpc({ key, method = 'POST', atMs, parameters }: RpcCall): Record<string, string> {
  const all = {
    AccessKeyId: key.accessKeyId,
    Format: 'JSON',
    SecurityToken: key.securityToken,
    SignatureMethod: 'HMAC-SHA1',
    SignatureNonce: `nonce-${++calls}`,
    SignatureVersion: '1.0',
    Timestamp: new Date(atMs).toISOString().replace(/\.\d{3}/, ''),
    Version: '2015-04-01',
    ...parameters,
  };
  const signed = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const canonical = signed
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.map(percentEncoded).join('='))
    .join('&');
  const signature = createHmac('sha1', `${key.secret}&`)
    .update(`${method}&%2F&${percentEncoded(canonical)}`)
    .digest('base64');
  return { ...Object.fromEntries(signed), Signature: signature };
}

function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
