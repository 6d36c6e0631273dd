import { expect, test } from 'vitest';
import { bucketResource, objectResource, RootAccess, serviceResource } from './access.ts';
import { ANONYMOUS } from './identity.ts';

const access = new RootAccess();
const root = { kind: 'root', accountId: '1000', accessKeyId: 'ak' } as const;
const place = { region: 'cn-hangzhou', owner: '1000' };
const foreign = { region: 'cn-hangzhou', owner: '2000' };

test('resources have the form that policies name', () => {
  expect(serviceResource('1000')).toBe('acs:oss:*:1000:*');
  expect(bucketResource(place, 'logs')).toBe('acs:oss:cn-hangzhou:1000:logs');
  expect(objectResource(place, 'logs', 'a/b:c\nd')).toBe('acs:oss:cn-hangzhou:1000:logs/a/b:c\nd');
});

test('root may do everything to what its account owns', () => {
  for (const resource of [serviceResource('1000'), bucketResource(place, 'b'), objectResource(place, 'b', ':\n/k')]) {
    expect(access.allows(root, 'oss:Anything', resource)).toEqual({ allowed: true });
  }
});

test('root may do nothing to what another account owns', () => {
  const refused = { allowed: false, reason: 'The bucket you access does not belong to you.' };
  expect(access.allows(root, 'oss:GetObject', bucketResource(foreign, 'b'))).toEqual(refused);
  expect(access.allows(root, 'oss:GetObject', objectResource(foreign, 'b', 'acs:oss:x:1000:b'))).toEqual(refused);
});

test('anonymous may do nothing, and is told at which level', () => {
  const reasonFor = (resource: string) => access.allows(ANONYMOUS, 'oss:GetObject', resource);
  expect(reasonFor(serviceResource('1000'))).toEqual({
    allowed: false,
    reason: 'Anonymous access is forbidden for this operation.',
  });
  expect(reasonFor(bucketResource(place, 'b'))).toEqual({
    allowed: false,
    reason: 'Anonymous user has no right to access this bucket.',
  });
  expect(reasonFor(objectResource(place, 'b', 'k'))).toEqual({
    allowed: false,
    reason: 'Anonymous user has no right to access this object.',
  });
});

test('a resource of another form breaks our own promise', () => {
  expect(() => access.allows(root, 'oss:GetObject', 'acs:oss:::logs')).toThrow(/not of the form/);
});
