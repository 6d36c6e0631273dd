import { expect, test } from 'vitest';
import { anyRequest } from '../../../test/any-request.ts';
import { DomainError } from '../../core/errors.ts';
import { errorReply } from './error-reply.ts';
import { WireError } from './wire-error.ts';

const request = (method: string) => anyRequest({ method, target: '/logs/a', headers: { host: 'localhost' } });

test('an error is a document with its code, details and EC, which is a header too', () => {
  const error = new DomainError('NoSuchKey', 'The specified key does not exist.', { Key: 'a' });
  const { status, headers, body } = errorReply(error, request('GET'));
  expect(status).toBe(404);
  expect(headers).toEqual({ 'Content-Type': 'application/xml', 'x-oss-ec': '0026-00000001' });
  expect(body).toContain('<Code>NoSuchKey</Code>\n  <Message>The specified key does not exist.</Message>');
  expect(body).toContain('<HostId>localhost</HostId>\n  <Key>a</Key>\n  <EC>0026-00000001</EC>');
});

test('to HEAD it is the same document in a header', () => {
  const error = new DomainError('NoSuchKey', 'The specified key does not exist.', { Key: 'a' });
  const { headers, body } = errorReply(error, request('HEAD'));
  expect(body).toBeUndefined();
  expect(headers['x-oss-ec']).toBe('0026-00000001');
  expect(Buffer.from(headers['x-oss-err'] ?? '', 'base64').toString()).toBe(errorReply(error, request('GET')).body);
});

test('headers of its own go out beside the document and not in it', () => {
  const headers = { 'x-oss-delete-marker': 'true' };
  const reply = errorReply(new WireError('NoSuchKey', 'Gone.', { details: { Key: 'a' }, headers }), request('GET'));
  expect(reply.headers).toMatchObject(headers);
  expect(reply.body).toContain('<Key>a</Key>');
  expect(reply.body).not.toContain('delete-marker');
});

test.each(['GET', 'HEAD'])('what was not modified has no document, not even for %s in a header', (method) => {
  const headers = { ETag: '"A"' };
  expect(errorReply(new WireError('NotModified', '', { headers }), request(method))).toEqual({ status: 304, headers });
});

test('whoever finds a delete marker, the answer says that it can be deleted', () => {
  const { status, headers, body } = errorReply(new DomainError('DeleteMarkerNotAllowed', 'No.'), request('PUT'));
  expect(status).toBe(405);
  expect(headers).toMatchObject({ Allow: 'DELETE', 'x-oss-delete-marker': 'true' });
  expect(body).toContain('<Method>PUT</Method>\n  <ResourceType>DeleteMarker</ResourceType>');
});

test('a detail that holds more is an element that holds elements', () => {
  const details = {
    AccessDeniedDetail: { AuthAction: 'oss:GetObject', PolicyType: 'AccountLevelIdentityBasedPolicy' },
  };
  const { body } = errorReply(new DomainError('PermissionMissing', 'No.', details), request('GET'));
  expect(body).toContain(`  <AccessDeniedDetail>
    <AuthAction>oss:GetObject</AuthAction>
    <PolicyType>AccountLevelIdentityBasedPolicy</PolicyType>
  </AccessDeniedDetail>`);
});

test('a fault of ours tells nothing of itself', () => {
  const { status, body } = errorReply(new Error('/secret/path'), request('GET'));
  expect(status).toBe(500);
  expect(body).not.toContain('secret');
});
