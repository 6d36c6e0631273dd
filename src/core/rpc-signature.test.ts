import { expect, test } from 'vitest';
import { rpcSignature, rpcStringToSign } from './rpc-signature.ts';

const common = { AccessKeyId: 'testid', Format: 'JSON', SignatureMethod: 'HMAC-SHA1', SignatureVersion: '1.0' };

/** Requests with their signatures, as pages of the original's documentation and an SDK's own test have them. */
const published = [
  {
    name: 'CreateUser',
    method: 'GET',
    parameters: {
      ...common,
      Action: 'CreateUser',
      SignatureNonce: '6a6e0ca6-4557-11e5-86a2-b8e8563dc8d2',
      Timestamp: '2015-08-18T03:15:45Z',
      UserName: 'test',
      Version: '2015-05-01',
    },
    signature: 'kRA2cnpJVacIhDMzXnoNZG9tDCI=',
  },
  {
    name: 'AssumeRole',
    method: 'GET',
    parameters: {
      ...common,
      Action: 'AssumeRole',
      RoleArn: 'acs:ram::1234567890123:role/firstrole',
      RoleSessionName: 'client',
      SignatureNonce: '571f8fb8-506e-11e5-8e12-b8e8563dc8d2',
      Timestamp: '2015-09-01T05:57:34Z',
      Version: '2015-04-01',
    },
    signature: 'gNI7b0AyKZHxDgjBGPDgJ1Ce3L4=',
  },
  {
    name: 'DescribeDedicatedHosts',
    method: 'GET',
    parameters: {
      ...common,
      Action: 'DescribeDedicatedHosts',
      RegionId: 'cn-beijing',
      SignatureNonce: 'edb2b34af0af9a6d14deaf7c1a5315eb',
      Timestamp: '2023-03-13T08:34:30Z',
      Version: '2014-05-26',
    },
    signature: '9NaGiOspFP5UPcwX8Iwt2YJXXuk=',
  },
];

test.each(published)('the published signature of $name is ours', ({ method, parameters, signature }) => {
  const given = new Map(Object.entries({ ...parameters, Signature: 'is not signed' }));
  expect(rpcSignature('testsecret', rpcStringToSign(method, given))).toBe(signature);
});

test('the signature in the test of an official SDK is ours', () => {
  const stringToSign = rpcStringToSign('', new Map([['test', 'ok']]));
  expect(rpcSignature('accessKeySecret', stringToSign)).toBe('jHx/oHoHNrbVfhncHEvPdHXZwHU=');
});

test('names come in their order, and all but the unreserved characters are escaped twice', () => {
  const parameters = new Map([
    ['b', "a b*~!'()"],
    ['a', 'ä/='],
    ['B', ''],
  ]);
  expect(rpcStringToSign('POST', parameters)).toBe(
    'POST&%2F&B%3D%26a%3D%25C3%25A4%252F%253D%26b%3Da%2520b%252A~%2521%2527%2528%2529',
  );
});
