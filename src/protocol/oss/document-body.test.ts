import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { anyRequest, bytesOf } from '../../../test/any-request.ts';
import type { HttpRequest } from '../../http/http-server.ts';
import { readSetting } from './document-body.ts';

function requestOf(body: string | Uint8Array, headers: Record<string, string> = {}): HttpRequest {
  return anyRequest({ method: 'PUT', headers, body: bytesOf(body) });
}

const md5 = (text: string) => createHash('md5').update(text).digest('base64');

test('a body of the wanted kind is read, whatever its namespace', async () => {
  const root = await readSetting(requestOf('<o:Tagging xmlns:o="urn:x"><TagSet/></o:Tagging>'), 'Tagging');
  expect(root.children.map(({ name }) => name)).toEqual(['TagSet']);
});

test('a body is held against its Content-MD5', async () => {
  const body = '<Tagging/>';
  await expect(readSetting(requestOf(body, { 'content-md5': md5(body) }), 'Tagging')).resolves.toBeDefined();
  await expect(readSetting(requestOf(body, { 'content-md5': md5('other') }), 'Tagging')).rejects.toMatchObject({
    code: 'InvalidDigest',
  });
});

test.each([
  ['nothing', ''],
  ['no XML', 'Enabled'],
  ['another root', '<Tagged/>'],
  ['a document type', '<!DOCTYPE Tagging><Tagging/>'],
  ['64 KiB and one byte', `<Tagging>${' '.repeat(64 * 1024 - 18)}</Tagging>`],
  ['more elements than any setting has', `<Tagging>${'<a/>'.repeat(1_000)}</Tagging>`],
])('%s is malformed', async (_what, body) => {
  await expect(readSetting(requestOf(body), 'Tagging')).rejects.toMatchObject({ code: 'MalformedXml' });
});

test('64 KiB are read', async () => {
  const body = `<Tagging>${' '.repeat(64 * 1024 - 19)}</Tagging>`;
  expect(body).toHaveLength(64 * 1024);
  await expect(readSetting(requestOf(body), 'Tagging')).resolves.toBeDefined();
});
