/** Each operation of the table runs with its permission, and with nothing less. */

import { describe, expect, test } from 'vitest';
import { ANONYMOUS, type Identity } from '../src/access/identity.ts';
import { OPERATIONS } from '../src/protocol/oss/operations.ts';
import { attached, granting, OTHER_ROOT, userWith } from './identities.ts';
import { exampleOf, grantsFor } from './operation-examples.ts';
import { answerTo } from './wire-world.ts';

describe.each(OPERATIONS)('$name', (operation) => {
  const grants = grantsFor(operation);
  const [own] = grants;

  // Buckets are listed and made in the name of one's own account, whichever that is.
  const isAboutOwnAccount = operation.name === 'PutBucket' || operation.resource === 'service';
  const strangers: [string, Identity][] = isAboutOwnAccount ? [] : [['the root of another account', OTHER_ROOT]];

  test.each<[string, Identity]>([
    ['who signs nothing', ANONYMOUS],
    ['a user without a policy', userWith([])],
    [
      'a user with every action but its own',
      userWith([attached({ Effect: 'Allow', NotAction: [own.action], Resource: ['*'] })]),
    ],
    ['a user with its action on everything else', userWith([granting({ ...own, resource: `${own.resource}-other` })])],
    ...strangers,
  ])('refuses %s, and does nothing', async (_who, identity) => {
    const { status, effects, faults, audited } = await answerTo(identity, exampleOf(operation));
    expect({ status, effects, faults }).toEqual({ status: 403, effects: [], faults: [] });
    expect(audited).toEqual([expect.objectContaining({ outcome: 'refused', operation: operation.name })]);
  });

  test('takes exactly its permission', async () => {
    const { status, text, faults } = await answerTo(userWith([granting(...grants)]), exampleOf(operation));
    expect(faults).toEqual([]);
    expect(status, text).toBeOneOf(operation.handle === undefined ? [400] : [200, 202, 204]);
  });

  test.each(grants)('is refused where $action is denied', async (grant) => {
    const denying = attached({ Effect: 'Deny', Action: [grant.action], Resource: [grant.resource] });
    const { status, effects } = await answerTo(userWith([granting(...grants), denying]), exampleOf(operation));
    expect({ status, effects }).toEqual({ status: 403, effects: [] });
  });
});
