import { expect, test } from 'vitest';
import { bucketPolicyOf, MAX_BUCKET_POLICIES_KEPT } from './bucket-policy.ts';

function textOf(name: string): string {
  const statement = { Effect: 'Allow', Action: 'oss:*', Resource: `acs:oss:*:*:${name}`, Principal: '*' };
  return JSON.stringify({ Version: '1', Statement: [statement] });
}

test('a bucket without a policy has none', () => {
  expect(bucketPolicyOf({})).toBeUndefined();
});

test('a text is read once as long as it is asked for', () => {
  const first = bucketPolicyOf({ policy: textOf('first') });
  expect(first?.statements[0]?.resources).toEqual(['acs:oss:*:*:first']);
  for (let n = 0; n < 2 * MAX_BUCKET_POLICIES_KEPT; n += 1) {
    bucketPolicyOf({ policy: textOf(`b${n}`) });
    expect(bucketPolicyOf({ policy: textOf('first') })).toBe(first);
  }
});

test('only so many are kept', () => {
  const forgotten = bucketPolicyOf({ policy: textOf('forgotten') });
  for (let n = 0; n < MAX_BUCKET_POLICIES_KEPT; n += 1) bucketPolicyOf({ policy: textOf(`c${n}`) });
  expect(bucketPolicyOf({ policy: textOf('forgotten') })).not.toBe(forgotten);
});

test('a stored text that can not be read denies everything to everybody but the root of the owner', () => {
  expect(bucketPolicyOf({ policy: '{"Version":"9"}' })?.statements).toMatchObject([
    {
      effect: 'Deny',
      actions: { patterns: ['*'] },
      resources: ['*'],
      principals: { isEveryone: true },
      conditions: [],
    },
  ]);
});
