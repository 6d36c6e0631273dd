/** Changes of who may do what: users with their keys and policies, and policies. */

import type { NewAccessKeyView } from '../../src/core/access-entities.ts';
import { type Change, newGeneration, step } from './change.ts';
import type { UserPlace } from './world.ts';

const ATTACHED = 'AliyunOSSReadOnlyAccess';
const MAX_KEYS = 2;

/** A user comes, gets a policy and keys, loses the policy, and goes with all it has. */
export async function changeUser(change: Change): Promise<void> {
  const user = change.pick(change.world.users, ({ promised }) => !promised.isInDoubt);
  if (user === undefined) return;
  const { state } = user.promised;
  if (state === undefined) return await createUser(change, user);
  const roll = change.world.random.between(0, 10);
  if (roll < 2) return await deleteUser(change, user);
  if (roll < 6 && state.keys < MAX_KEYS) return await createAccessKey(change, user);
  await switchPolicy(change, user);
}

/** New, or over the one that is there. */
export async function putPolicy(change: Change): Promise<void> {
  const policy = change.pick(change.world.policies);
  if (policy === undefined) return;
  const generation = newGeneration();
  const document = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'oss:Get*', Resource: ['acs:oss:*:*:*'] }] };
  const body = JSON.stringify({ document, description: generation });
  await change.send([step(policy.promised, generation)], () =>
    change.client.sendForAdmin({ method: 'PUT', path: `access/policies/${policy.name}`, body }),
  );
}

async function createUser(change: Change, { name, promised }: UserPlace): Promise<void> {
  const generation = newGeneration();
  const body = JSON.stringify({ name, description: generation });
  await change.send([step(promised, { generation, keys: 0, policies: [] })], () =>
    change.client.sendForAdmin({ method: 'POST', path: 'access/users', body }),
  );
}

async function deleteUser(change: Change, user: UserPlace): Promise<void> {
  user.secrets.clear();
  await change.send([step(user.promised, undefined)], () =>
    change.client.sendForAdmin({
      method: 'DELETE',
      path: `access/users/${user.name}`,
      query: { force: 'true' },
    }),
  );
}

async function createAccessKey(change: Change, { name, promised, secrets }: UserPlace): Promise<void> {
  const { state } = promised;
  if (state === undefined) return;
  const made = await change.send([step(promised, { ...state, keys: state.keys + 1 })], () =>
    change.client.sendForAdmin<NewAccessKeyView>({
      method: 'POST',
      path: `access/users/${name}/keys`,
      body: '{}',
    }),
  );
  if (made !== undefined) secrets.set(made.id, made.secret);
}

async function switchPolicy(change: Change, { name, promised }: UserPlace): Promise<void> {
  const { state } = promised;
  if (state === undefined) return;
  const [method, policies] = state.policies.length === 0 ? (['PUT', [ATTACHED]] as const) : (['DELETE', []] as const);
  await change.send([step(promised, { ...state, policies })], () =>
    change.client.sendForAdmin({ method, path: `access/users/${name}/policies/${ATTACHED}` }),
  );
}
