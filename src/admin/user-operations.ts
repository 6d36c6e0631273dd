/** Users of an account: `access/users` and what lies below. */

import { z } from 'zod';
import type { AccessChange } from '../core/access-change.ts';
import type { EntityState } from '../core/access-entities.ts';
import { jsonReply } from '../http/json-reply.ts';
import { accessKeyOperations } from './access-key-operations.ts';
import { attachmentOperations, detachments } from './attachment-operations.ts';
import { deletionSchema } from './entity-input.ts';
import type { Operation, Param } from './operation.ts';
import { nothingSchema, readJson, readQuery } from './read-input.ts';
import { showOperations } from './show-operations.ts';

const PATH = 'access/users/{name}';

const anyUser = () => 'user/*';
const oneUser = (param: Param) => `user/${param('name')}`;

const newUserSchema = z.strictObject({ name: z.string(), description: z.string().default('') });

const createUser: Operation = {
  method: 'POST',
  path: 'access/users',
  of: 'account',
  action: 'stocktake:CreateUser',
  resource: anyUser,
  async handle({ request, account, services, setTarget }) {
    const { name, description } = await readJson(request, newUserSchema);
    await services.access.execute([{ kind: 'createUser', account, name, description }]);
    setTarget(`user/${name}`);
    return jsonReply(201, services.access.user(account, name));
  },
};

const switchUser = (state: EntityState, verb: string, action: Operation['action']): Operation => ({
  method: 'POST',
  path: `${PATH}/${verb}`,
  of: 'account',
  action,
  resource: oneUser,
  async handle({ request, account, param, services }) {
    await readJson(request, nothingSchema);
    const name = param('name');
    await services.access.execute([{ kind: 'setUserState', account, name, state }]);
    return jsonReply(200, services.access.user(account, name));
  },
});

const deleteUser: Operation = {
  method: 'DELETE',
  path: PATH,
  of: 'account',
  action: 'stocktake:DeleteUser',
  resource: oneUser,
  query: ['force'],
  async handle({ query, account, param, services }) {
    const { force } = readQuery(query, deletionSchema);
    const name = param('name');
    const { accessKeys, policies } = services.access.user(account, name);
    const before: readonly AccessChange[] = [
      ...accessKeys.map(({ id }) => ({ kind: 'deleteAccessKey', account, user: name, id }) as const),
      ...detachments(account, { kind: 'user', name }, policies),
    ];
    await services.access.execute([...(force ? before : []), { kind: 'deleteUser', account, name }]);
    return jsonReply(200, {});
  },
};

export const USER_OPERATIONS: readonly Operation[] = [
  ...showOperations({
    path: 'access/users',
    kind: 'user',
    param: 'name',
    of: 'account',
    listAction: 'stocktake:ListUsers',
    getAction: 'stocktake:GetUser',
    page: (access, account, { after, limit }) => access.users(account, after, limit),
    one: (access, account, name) => access.user(account, name),
  }),
  createUser,
  switchUser('disabled', 'disable', 'stocktake:DisableUser'),
  switchUser('enabled', 'enable', 'stocktake:EnableUser'),
  deleteUser,
  ...accessKeyOperations({
    path: PATH,
    of: 'account',
    resource: oneUser,
    named: ({ account, param }) => ({ account, user: param('name') }),
    keys: ({ account, param, services }) => services.access.user(account, param('name')).accessKeys,
  }),
  ...attachmentOperations('user', (access, account, name) => access.user(account, name)),
];
