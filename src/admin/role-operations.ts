/** Roles of an account: `access/roles` and what lies below. */

import { z } from 'zod';
import { MAX_SESSION_SECONDS } from '../access/entities/entity-names.ts';
import { jsonReply } from '../http/json-reply.ts';
import { attachmentOperations, detachments } from './attachment-operations.ts';
import { deletionSchema, isThere, trustSchema } from './entity-input.ts';
import type { Operation, Param } from './operation.ts';
import { readJson, readQuery } from './read-input.ts';
import { showOperations } from './show-operations.ts';

const PATH = 'access/roles/{name}';

const oneRole = (param: Param) => `role/${param('name')}`;

const roleSchema = z.strictObject({
  trust: trustSchema,
  description: z.string().default(''),
  maxSessionSeconds: z.number().default(MAX_SESSION_SECONDS.default),
});

/** What the body doesn't say becomes as it is in a new role. */
const putRole: Operation = {
  method: 'PUT',
  path: PATH,
  of: 'account',
  action: 'stocktake:PutRole',
  resource: oneRole,
  async handle({ request, account, param, services }) {
    const role = await readJson(request, roleSchema);
    const name = param('name');
    const isKnown = isThere('NoSuchRole', () => services.access.role(account, name));
    await services.access.execute([{ kind: 'putRole', account, name, ...role }]);
    return jsonReply(isKnown ? 200 : 201, services.access.role(account, name));
  },
};

const deleteRole: Operation = {
  method: 'DELETE',
  path: PATH,
  of: 'account',
  action: 'stocktake:DeleteRole',
  resource: oneRole,
  query: ['force'],
  async handle({ query, account, param, services }) {
    const { force } = readQuery(query, deletionSchema);
    const name = param('name');
    const { policies } = services.access.role(account, name);
    const before = force ? detachments(account, { kind: 'role', name }, policies) : [];
    await services.access.execute([...before, { kind: 'deleteRole', account, name }]);
    return jsonReply(200, {});
  },
};

export const ROLE_OPERATIONS: readonly Operation[] = [
  ...showOperations({
    path: 'access/roles',
    kind: 'role',
    param: 'name',
    of: 'account',
    listAction: 'stocktake:ListRoles',
    getAction: 'stocktake:GetRole',
    page: (access, account, { after, limit }) => access.roles(account, after, limit),
    one: (access, account, name) => access.role(account, name),
  }),
  putRole,
  deleteRole,
  ...attachmentOperations('role', (access, account, name) => access.role(account, name)),
];
