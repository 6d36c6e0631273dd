/** Policies of an account: `access/policies` and what lies below. Those of the system are shown among them. */

import { z } from 'zod';
import { jsonReply } from '../http/json-reply.ts';
import { isThere } from './entity-input.ts';
import type { Operation, Param } from './operation.ts';
import { policyWarnings } from './policy-warnings.ts';
import { readJson } from './read-input.ts';
import { showOperations } from './show-operations.ts';

const PATH = 'access/policies/{name}';

const onePolicy = (param: Param) => `policy/${param('name')}`;

const policySchema = z.strictObject({ document: z.unknown(), description: z.string().default('') });

/** What the body doesn't say becomes as it is in a new policy. */
const putPolicy: Operation = {
  method: 'PUT',
  path: PATH,
  of: 'account',
  action: 'stocktake:PutPolicy',
  resource: onePolicy,
  async handle({ request, account, param, services }) {
    const policy = await readJson(request, policySchema);
    const name = param('name');
    const isKnown = isThere('NoSuchPolicy', () => services.access.policy(account, name));
    await services.access.execute([{ kind: 'putPolicy', account, name, ...policy }]);
    const warnings = policyWarnings(policy.document, services.permissions);
    return jsonReply(isKnown ? 200 : 201, { ...services.access.policy(account, name), warnings });
  },
};

const deletePolicy: Operation = {
  method: 'DELETE',
  path: PATH,
  of: 'account',
  action: 'stocktake:DeletePolicy',
  resource: onePolicy,
  async handle({ account, param, services }) {
    await services.access.execute([{ kind: 'deletePolicy', account, name: param('name') }]);
    return jsonReply(200, {});
  },
};

export const POLICY_OPERATIONS: readonly Operation[] = [
  ...showOperations({
    path: 'access/policies',
    kind: 'policy',
    param: 'name',
    of: 'account',
    listAction: 'stocktake:ListPolicies',
    getAction: 'stocktake:GetPolicy',
    page: (access, account, { after, limit }) => access.policies(account, after, limit),
    one: (access, account, name) => access.policy(account, name),
  }),
  putPolicy,
  deletePolicy,
];
