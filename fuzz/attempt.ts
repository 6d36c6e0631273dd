/** One attempt of the fuzzer: what a number of a seed means, in bytes and in how they are sent. */

import { Random } from '../test/crash/random.ts';
import { signRpc } from '../test/rpc-client.ts';
import { WireClient, type WireRequest } from '../test/wire-client.ts';
import { anySender, type Senders } from './identities.ts';
import { FORM, seed } from './seeds.ts';
import { spoilBytes, spoilForm, spoilRequest } from './spoil.ts';

export interface Attempt {
  readonly index: number;
  /** Sent one after the other, each on its own to the wire. */
  readonly packets: readonly Buffer[];
  /** What the client does once it has sent them: says that it is done, or goes away. */
  readonly end: 'done' | 'reset';
}

export interface Target {
  readonly endpoint: string;
  readonly senders: Senders;
}

/** Signatures hold the time and keys that each server makes, so it is the same attempt again, but not the same bytes. */
export function attemptOf(seedNumber: number, index: number, { endpoint, senders }: Target): Attempt {
  const random = new Random(Math.imul(seedNumber ^ 0x9e3779b9, index + 1) ^ index);
  const client = new WireClient({ endpoint, key: senders.root });
  const count = random.isOneIn(5) ? random.between(2, 12) : 1;
  const requests = Array.from({ length: count }, () => bytesOf(random, client, senders));
  let bytes: Buffer = Buffer.concat(requests);
  if (random.isOneIn(4)) bytes = spoilBytes(random, bytes);
  if (random.isOneIn(40))
    bytes = Buffer.from(Array.from({ length: random.between(0, 500) }, () => random.between(0, 256)));
  return { index, packets: cut(random, bytes), end: random.isOneIn(6) ? 'reset' : 'done' };
}

function bytesOf(random: Random, client: WireClient, senders: Senders): Buffer {
  const made = seed(random);
  const isForm = made.headers?.['content-type'] === FORM;
  const spoilt = isForm ? rpcRequest(random, made, senders) : sentBy(random, spoilRequest(random, made), senders);
  const request = framed(random, spoilt);
  try {
    return client.bytes(request);
  } catch {
    // What can't be signed, as a query that is no query, is sent without.
    const target = request.target ?? `/${request.bucket ?? ''}?${request.query ?? ''}`;
    return client.bytes({ ...request, query: '', key: 'a', target, signature: 'none' });
  }
}

function sentBy(random: Random, request: WireRequest, senders: Senders): WireRequest {
  const { securityToken, ...key } = anySender(random, senders);
  const token = securityToken === undefined ? {} : { 'x-oss-security-token': securityToken };
  return { ...request, headers: { ...token, ...request.headers }, signWith: { ...key, ...request.signWith } };
}

/** Its parameters are spoilt, then signed, and now and then what came of that is spoilt as any request is. */
function rpcRequest(random: Random, request: WireRequest, senders: Senders): WireRequest {
  const { accessKeyId, accessKeySecret: secret, securityToken } = anySender(random, { ...senders, root: senders.user });
  const key = { accessKeyId, secret, ...(securityToken !== undefined && { securityToken }) };
  const parameters = spoilForm(random, Object.fromEntries(new URLSearchParams(String(request.body))));
  const body = new URLSearchParams(signRpc({ key, atMs: Date.now(), parameters })).toString();
  const signed = { ...request, body };
  return random.isOneIn(4) ? spoilRequest(random, signed) : signed;
}

/** Some bodies in chunks, some held back until they are asked for. */
function framed(random: Random, request: WireRequest): WireRequest {
  const expect = random.isOneIn(12) ? { expect: '100-continue' } : {};
  const headers = { ...request.headers, ...expect };
  if (request.body === undefined || !random.isOneIn(8)) return { ...request, headers };
  const body = Buffer.from(request.body);
  const extension = random.isOneIn(4) ? ';a=b' : '';
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const chunk = body.subarray(at, at + random.between(1, 5_000));
    chunks.push(Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`), chunk, Buffer.from('\r\n'));
    at += chunk.length;
  }
  chunks.push(Buffer.from(random.isOneIn(4) ? '0\r\nx-oss-meta-late: 1\r\n\r\n' : '0\r\n\r\n'));
  return { ...request, headers: { ...headers, 'transfer-encoding': 'chunked' }, body: Buffer.concat(chunks) };
}

function cut(random: Random, bytes: Buffer): Buffer[] {
  if (random.isOneIn(6)) bytes = bytes.subarray(0, random.between(0, bytes.length + 1));
  const packets: Buffer[] = [];
  let at = 0;
  for (let left = random.isOneIn(3) ? random.between(1, 6) : 0; left > 0; left--) {
    const end = random.between(at, bytes.length + 1);
    packets.push(bytes.subarray(at, end));
    at = end;
  }
  return [...packets, bytes.subarray(at)];
}
