import { expect, test } from 'vitest';
import { anyRequest, bytesOf } from '../../../test/any-request.ts';
import type { HttpRequest } from '../../http/http-server.ts';
import { isStsRequest, readParameters } from './read-parameters.ts';

const places = { domain: 'localhost', regions: ['cn-hangzhou'] };
const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };

test.each<Partial<HttpRequest>>([
  { target: '/?Action=AssumeRole' },
  { target: '/?Format=JSON&Action=' },
  { target: '?Action=AssumeRole' },
  { target: 'http://sts.aliyuncs.com/?Action=AssumeRole' },
  { target: 'https://sts.aliyuncs.com?Action=AssumeRole' },
  { method: 'POST', target: '/?Action=AssumeRole' },
  { method: 'POST', target: '/', headers: form },
  { method: 'POST', target: '/', headers: { ...form, host: '127.0.0.1:9300' } },
  { method: 'POST', target: '/', headers: { ...form, host: 'localhost:9300' } },
  { method: 'POST', target: '/', headers: { ...form, host: 'sts.cn-hangzhou.aliyuncs.com' } },
  { target: '/', headers: { 'x-acs-action': 'AssumeRole' } },
])('%j is for STS', (request) => {
  expect(isStsRequest(anyRequest(request), places)).toBe(true);
});

test.each<Partial<HttpRequest>>([
  { target: '/' },
  { target: '/?max-keys=1' },
  { target: '/?prefix=Action=AssumeRole' },
  { target: '/?action=AssumeRole' },
  { target: '/media?Action=AssumeRole' },
  { target: '/media/key?Action=AssumeRole' },
  { target: '//?Action=AssumeRole' },
  { target: '/?Action=AssumeRole', headers: { host: 'media.localhost' } },
  { method: 'POST', target: '/', headers: { ...form, host: 'media.oss-cn-hangzhou.aliyuncs.com' } },
  { method: 'POST', target: '/' },
  { method: 'POST', target: '/media', headers: form },
  { method: 'PUT', target: '/?Action=AssumeRole', headers: form },
  { target: '/', headers: form },
])('%j is for OSS', (request) => {
  expect(isStsRequest(anyRequest(request), places)).toBe(false);
});

test('parameters of query and form come together, decoded', async () => {
  const body = bytesOf('Policy=%7B%22a%22+%3A1%7D&Name=%E5%BF%8D');
  const parameters = await readParameters(anyRequest({ method: 'POST', target: '/?Action=A&b', headers: form, body }));
  expect([...parameters]).toEqual([
    ['Action', 'A'],
    ['b', ''],
    ['Policy', '{"a" :1}'],
    ['Name', '忍'],
  ]);
});

test('the body of a GET is passed over, as no signature covers it', async () => {
  const request = anyRequest({ target: '/?Action=A', headers: form, body: bytesOf('RoleArn=r') });
  expect([...(await readParameters(request))]).toEqual([['Action', 'A']]);
});
