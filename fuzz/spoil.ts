/** What the fuzzer does to a good request: before it is signed, so that deep code sees it, or after, to its bytes. */

import type { Random } from '../test/crash/random.ts';
import type { WireRequest } from '../test/wire-client.ts';
import { md5Of } from './seeds.ts';

const MOST_BYTES = 300_000;

/** One character per byte, as on the wire. */
const HOSTILE: readonly string[] = [
  '',
  ' ',
  '\0',
  '..',
  '../../..',
  '%2e%2e%2f',
  '%252e%252e',
  '%00',
  '%zz',
  '%c0%af',
  '%ed%a0%80',
  '\xff\xfe',
  '\xed\xa0\x80',
  '\xe2\x80\xae',
  'a'.repeat(5_000),
  'a'.repeat(70_000),
  '-1',
  '0',
  '00000000000000000001',
  '9007199254740993',
  '9'.repeat(400),
  '1e309',
  '0x10',
  'NaN',
  'true',
  'null',
  '__proto__',
  'constructor',
  '<a>',
  ']]>',
  '&lt;&#0;&#x110000;',
  '"',
  "'",
  '\\',
  '\r\n',
  '\n',
  '\t',
  ',',
  ';',
  '*',
  '?',
  '#',
  '&=&',
  '+',
  '{"a":'.repeat(2_000),
  '['.repeat(2_000),
  '<a>'.repeat(2_000),
  '\xf0\x9f\x98\x80',
];

const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND'];

const HEADERS = [
  'authorization',
  'content-length',
  'content-md5',
  'content-type',
  'content-encoding',
  'date',
  'expect',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'range',
  'transfer-encoding',
  'connection',
  'upgrade',
  'origin',
  'x-forwarded-for',
  'x-oss-acl',
  'x-oss-content-sha256',
  'x-oss-copy-source',
  'x-oss-copy-source-range',
  'x-oss-copy-source-if-match',
  'x-oss-date',
  'x-oss-forbid-overwrite',
  'x-oss-hash-crc64ecma',
  'x-oss-meta-a',
  'x-oss-metadata-directive',
  'x-oss-object-acl',
  'x-oss-security-token',
  'x-oss-server-side-encryption',
  'x-oss-server-side-encryption-key-id',
  'x-oss-storage-class',
  'x-oss-stocktake-replace',
  'x-oss-tagging',
  'x-oss-tagging-directive',
];

const PARAMETERS = [
  'acl',
  'append',
  'continuation-token',
  'delimiter',
  'encoding-type',
  'inventory',
  'inventoryId',
  'key-marker',
  'list-type',
  'marker',
  'max-keys',
  'max-parts',
  'max-uploads',
  'partNumber',
  'part-number-marker',
  'policy',
  'position',
  'prefix',
  'response-content-type',
  'run',
  'runs',
  'cancel',
  'security-token',
  'start-after',
  'tagging',
  'uploadId',
  'uploads',
  'version-id-marker',
  'versionId',
  'versioning',
  'versions',
  'x-oss-credential',
  'x-oss-expires',
  'x-oss-signature-version',
  'Action',
  'Expires',
];

const TOKENS = [
  ...HOSTILE,
  ...HEADERS.map((name) => `\r\n${name}: `),
  '\r\n\r\n',
  '0\r\n\r\n',
  'HTTP/1.1',
  ' HTTP/1.0',
];

/** A request with some of its parts changed; what is signed of it is signed with the change in it. */
export function spoilRequest(random: Random, request: WireRequest): WireRequest {
  let spoilt = request;
  for (let times = random.between(0, 4); times > 0; times--) {
    spoilt = random.pick(random.isOneIn(6) ? RARE : COMMON)(random, spoilt);
  }
  return spoilt;
}

/** The parameters of a form with some of their values changed, and now and then one more or less. */
export function spoilForm(random: Random, parameters: Readonly<Record<string, string>>): Record<string, string> {
  const spoilt = new Map(Object.entries(parameters));
  for (let times = random.between(0, 3); times > 0; times--) {
    const name = random.pick([...spoilt.keys(), 'Policy', 'ExternalId', 'Format', 'Timestamp', 'SignatureNonce']);
    const text = spoilt.get(name) ?? '';
    if (random.isOneIn(10)) spoilt.delete(name);
    else spoilt.set(name, utf8(text.startsWith('{') ? spoilMarkup(random, text) : spoilText(random, text)));
  }
  return Object.fromEntries(spoilt);
}

type Change = (random: Random, request: WireRequest) => WireRequest;

/** Most of what these make is still understood, and gets far. */
const COMMON: readonly Change[] = [
  addHeader,
  addParameter,
  spoilBody,
  spoilBody,
  (random, request) =>
    request.key === undefined ? request : { ...request, key: utf8(spoilText(random, request.key)) },
  (random, request) => ({ ...request, signature: random.pick(['v1', 'v4']) }),
];

const RARE: readonly Change[] = [
  (random, request) => ({ ...request, method: random.pick(METHODS) }),
  (_random, request) => ({ ...request, signature: 'none' }),
  (random, request) => ({ ...request, bucket: random.pick(['fuzz-none', '-', 'a_b', 'fuzz-one', '..']) }),
  (random, request) => ({ ...request, target: `/${escaped(spoilText(random, request.target ?? 'fuzz-one/a'))}` }),
  (random, request) => ({ ...request, query: escaped(spoilText(random, request.query ?? '')) }),
  (random, request) => ({ ...request, signWith: { atMs: Date.now() + random.pick([-1e15, -1e6, 0, 1e6, 1e12]) } }),
  (random, request) => ({ ...request, signWith: { region: random.pick(['', 'x', 'cn-beijing', '../..']) } }),
];

function addHeader(random: Random, request: WireRequest): WireRequest {
  const name = random.pick(HEADERS);
  const before = request.headers?.[name] ?? random.pick(['1', 'bytes=0-', 'chunked', '/fuzz-one/a', 'private', 'KMS']);
  return { ...request, headers: { ...request.headers, [name]: withoutBreaks(spoilText(random, before)) } };
}

function addParameter(random: Random, request: WireRequest): WireRequest {
  const parts = (request.query ?? '').split('&').filter((part) => part !== '');
  const value = random.isOneIn(3) ? '' : `=${escaped(spoilText(random, random.pick(['1', 'a', 'url', '/'])))}`;
  parts.splice(random.between(0, parts.length + 1), random.between(0, 2), random.pick(PARAMETERS) + value);
  return { ...request, query: parts.join('&') };
}

function spoilBody(random: Random, request: WireRequest): WireRequest {
  const body = Buffer.from(request.body ?? '');
  const text = body.toString('latin1');
  const isMarkup = /^\s*[<{[]/.test(text);
  const spoilt = Buffer.from(
    isMarkup && !random.isOneIn(4) ? spoilMarkup(random, text) : spoilText(random, text),
    'latin1',
  );
  const md5 = request.headers?.['content-md5'] === undefined ? {} : { 'content-md5': md5Of(spoilt) };
  return { ...request, body: spoilt, headers: { ...request.headers, ...md5 } };
}

/** Takes XML and JSON by their pieces: leaves out, repeats, nests, moves, and puts hostile values where values are. */
function spoilMarkup(random: Random, text: string): string {
  const pieces = text.split(/(?<=[>,{}[\]:])|(?=[<,{}[\]])/);
  const [at, other] = [random.between(0, pieces.length), random.between(0, pieces.length)];
  const piece = pieces[at] ?? '';
  switch (random.between(0, 8)) {
    case 0:
      pieces.splice(at, random.between(1, 4));
      break;
    case 1:
      pieces.splice(at, 0, ...pieces.slice(Math.min(at, other), Math.max(at, other)));
      break;
    case 2:
      pieces[at] = piece.repeat(random.between(2, 3000)).slice(0, MOST_BYTES);
      break;
    case 3:
      pieces[at] = pieces[other] ?? '';
      break;
    case 4:
      pieces.splice(
        at,
        0,
        random.pick(['<!DOCTYPE a [<!ENTITY b "c">]>', '&b;', '<![CDATA[', '<!--', '<?xml?>', '\\u0000', '\\ud800']),
      );
      break;
    default:
      // Values stand between markup.
      pieces[at] = /^[<>{}[\],:]/.test(piece) ? piece + random.pick(HOSTILE) : random.pick(HOSTILE);
  }
  return pieces.join('').slice(0, MOST_BYTES);
}

/** The bytes of a request, or of several, with some of them changed. */
export function spoilBytes(random: Random, bytes: Buffer): Buffer {
  let text = bytes.toString('latin1');
  for (let times = random.between(1, 4); times > 0; times--) text = spoilAt(random, text);
  return Buffer.from(text, 'latin1');
}

function spoilText(random: Random, text: string): string {
  return random.isOneIn(3) ? random.pick(HOSTILE) : spoilAt(random, text);
}

function spoilAt(random: Random, text: string): string {
  const [at, length] = [random.between(0, text.length + 1), random.between(0, 20)];
  const [before, after] = [text.slice(0, at), text.slice(at)];
  switch (random.between(0, 5)) {
    case 0:
      return before + after.slice(length);
    case 1:
      return before + random.pick(TOKENS) + after;
    case 2:
      return before + random.pick(TOKENS) + after.slice(length);
    case 3:
      return before + String.fromCharCode(random.between(0, 256)) + after.slice(1);
    default:
      return before + after.slice(0, length).repeat(random.between(1, 50)) + after;
  }
}

/** Raw, but without what would end the request line. */
function escaped(text: string): string {
  return text.replace(/[\0-\x20#]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function withoutBreaks(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}

function utf8(text: string): string {
  return Buffer.from(text, 'latin1').toString().slice(0, 1500);
}
