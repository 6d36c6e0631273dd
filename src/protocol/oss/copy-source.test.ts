import { expect, test } from 'vitest';
import { DomainError } from '../../core/errors.ts';
import { parseCopySource } from './copy-source.ts';

test.each([
  ['/media/a.txt', { bucket: 'media', key: 'a.txt' }],
  ['media/a.txt', { bucket: 'media', key: 'a.txt' }],
  ['/media/dir/a.txt', { bucket: 'media', key: 'dir/a.txt' }],
  ['/media/dir%2Fa.txt', { bucket: 'media', key: 'dir/a.txt' }],
  ['%2Fmedia%2Fdir%2Fa.txt', { bucket: 'media', key: 'dir/a.txt' }],
  ['/media/%E5%B0%81%E9%9D%A2.jpg', { bucket: 'media', key: '封面.jpg' }],
  [Buffer.from('/media/封面.jpg').toString('latin1'), { bucket: 'media', key: '封面.jpg' }],
  ['/media/a+b%2Bc', { bucket: 'media', key: 'a b+c' }],
  ['/media/what%3Fnow', { bucket: 'media', key: 'what?now' }],
  ['/media//a', { bucket: 'media', key: '/a' }],
  ['/media/a?versionId=CAEQ1', { bucket: 'media', key: 'a', versionId: 'CAEQ1' }],
  ['/media/a?versionId=CAE%3D', { bucket: 'media', key: 'a', versionId: 'CAE=' }],
  ['/media/a?versionId=null', { bucket: 'media', key: 'a', versionId: 'null' }],
  ['/media/a?', { bucket: 'media', key: 'a' }],
])('"%s" names one object', (header, address) => {
  expect(parseCopySource(header)).toEqual(address);
});

test.each([
  ['', 'InvalidArgument', 'Copy Source must mention the source bucket and key: /sourcebucket/sourcekey.'],
  ['/', 'InvalidArgument', 'Copy Source must mention'],
  ['/media', 'InvalidArgument', 'Copy Source must mention'],
  ['/media/', 'InvalidArgument', 'Copy Source must mention'],
  ['//a', 'InvalidArgument', 'Copy Source must mention'],
  ['?versionId=1', 'InvalidArgument', 'Copy Source must mention'],
  ['/media/a?b', 'InvalidArgument', '%3F'],
  ['/media/a?versionId=1&acl', 'InvalidArgument', '%3F'],
  ['/media/a?versionId=', 'VersionIdInvalid', 'Version id can not be the empty string.'],
  ['/media/a?versionId', 'VersionIdInvalid', 'Version id can not be the empty string.'],
  ['/Media/a', 'InvalidBucketName', '"Media"'],
  [`/${'b'.repeat(5000)}/a`, 'InvalidBucketName', '…'],
  ['/media/%', 'InvalidObjectName', 'percent-encoded'],
  ['/media/%FF', 'InvalidObjectName', 'percent-encoded'],
])('"%s" is refused as %s', (header, code, message) => {
  const parse = () => parseCopySource(header);
  expect(parse).toThrow(DomainError);
  expect(parse).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
});
