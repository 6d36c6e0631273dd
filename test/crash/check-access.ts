/** Holds users, their keys and policies against what was promised of them. */

import { hasStatus, ServerClient } from '../../src/cli/server-client.ts';
import type { EntityPage, PolicyView, UserView } from '../../src/core/access-entities.ts';
import type { World } from './world.ts';

const ALL = { limit: '1000' };

export async function checkAccess(world: World, client: ServerClient): Promise<void> {
  const { items: users } = await client.sendForAdmin<EntityPage<UserView>>({ path: 'access/users', query: ALL });
  const { items: policies } = await client.sendForAdmin<EntityPage<PolicyView>>({
    path: 'access/policies',
    query: ALL,
  });
  for (const { name, promised } of world.users) {
    const user = users.find((each) => each.name === name);
    const facts = user && { generation: user.description, keys: user.accessKeys.length, policies: user.policies };
    const problem = promised.found(facts);
    if (problem !== undefined) world.problems.push(`the user "${name}" ${problem}`);
  }
  for (const { name, promised } of world.policies) {
    const problem = promised.found(policies.find((each) => each.name === name)?.description);
    if (problem !== undefined) world.problems.push(`the policy "${name}" ${problem}`);
  }
  await checkSecrets(world, client);
}

/** A key that was shown signs, whatever was killed since; what it may do is its policies' business. */
async function checkSecrets(world: World, { endpoint }: ServerClient): Promise<void> {
  for (const { secrets } of world.users) {
    for (const [accessKeyId, accessKeySecret] of secrets) {
      const settings = { endpoint, accessKeyId, accessKeySecret, region: 'cn-hangzhou', accountId: '', data: '' };
      const client = new ServerClient(settings);
      try {
        await client.sendForNothing({ method: 'GET' });
      } catch (error) {
        if (!hasStatus(error, 403) || !String(error).startsWith('ServerError: AccessDenied')) {
          world.problems.push(`the access key ${accessKeyId} signs no more: ${error}`);
        }
      } finally {
        await client.close();
      }
    }
  }
}
