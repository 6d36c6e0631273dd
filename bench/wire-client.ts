/**
 * One client for our server and for another store, so that both are asked in the same way. OSS's signature V1 and
 * S3's V2 sign the same text with the same function and differ in the word before them, as long as a request has no
 * headers and no sub-resources of the dialect's own.
 */

import { Readable } from 'node:stream';
import { Pool } from 'undici';
import { signatureV1, stringToSignV1 } from '../src/core/oss-signature-v1.ts';
import { encodeComponent, encodeKey, parseQuery } from '../src/core/request-target.ts';

export interface StoreAccess {
  readonly endpoint: string;
  readonly scheme: 'OSS' | 'AWS';
  readonly accessKeyId: string;
  readonly secret: string;
}

export interface WireRequest {
  readonly method: 'GET' | 'PUT';
  readonly bucket: string;
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  /** Of a body that is made as it goes. */
  readonly bodyBytes?: number;
}

export class WireClient {
  readonly #access: StoreAccess;
  readonly #pool: Pool;

  constructor(access: StoreAccess, connections: number) {
    this.#access = access;
    // A long upload is no fault, and a benchmark has someone watching it.
    this.#pool = new Pool(access.endpoint, { connections, headersTimeout: 0, bodyTimeout: 0 });
  }

  /** The text of the answer; throws for any status but 200. */
  async send({ method, bucket, key, query = {}, body, bodyBytes }: WireRequest): Promise<string> {
    const { scheme, accessKeyId, secret } = this.#access;
    const date = new Date().toUTCString();
    const rawQuery = Object.entries(query)
      .map(([name, value]) => `${name}=${encodeComponent(value)}`)
      .join('&');
    // S3 leaves the parameters of a listing unsigned, where OSS signs the continuation token.
    const signedQuery = parseQuery(scheme === 'OSS' ? rawQuery : '');
    const text = stringToSignV1({ method, bucket, key, query: signedQuery, headers: {} }, date);
    const { statusCode, body: answer } = await this.#pool.request({
      method,
      path: `/${bucket}/${key === undefined ? '' : encodeKey(key)}${rawQuery === '' ? '' : `?${rawQuery}`}`,
      headers: {
        date,
        authorization: `${scheme} ${accessKeyId}:${signatureV1(secret, text)}`,
        ...(bodyBytes !== undefined && { 'content-length': String(bodyBytes) }),
      },
      body: body === undefined || body instanceof Uint8Array ? (body ?? null) : Readable.from(body),
    });
    const answerText = await answer.text();
    if (statusCode === 200) return answerText;
    throw new Error(`${method} ${bucket}/${key ?? ''} was answered with ${statusCode}:\n${answerText}`);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
