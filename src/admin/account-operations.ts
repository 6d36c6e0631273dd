/** Accounts: `access/accounts` and what lies below. They are the server's own account's to administer. */

import { z } from 'zod';
import { newAccountId } from '../access/new-ids.ts';
import type { EntityState } from '../core/access-entities.ts';
import { jsonReply } from '../http/json-reply.ts';
import { accessKeyOperations } from './access-key-operations.ts';
import type { Operation, Param } from './operation.ts';
import { nothingSchema, readJson } from './read-input.ts';
import { showOperations } from './show-operations.ts';

const PATH = 'access/accounts/{account}';

const anyAccount = () => 'account/*';
const oneAccount = (param: Param) => `account/${param('account')}`;

/** An id may be given, so that policies written for the account elsewhere go on naming it. */
const newAccountSchema = z.strictObject({ name: z.string(), id: z.string().optional() });

const createAccount: Operation = {
  method: 'POST',
  path: 'access/accounts',
  of: 'server',
  action: 'stocktake:CreateAccount',
  resource: anyAccount,
  async handle({ request, services, setTarget }) {
    const { name, id: account = newAccountId() } = await readJson(request, newAccountSchema);
    await services.access.execute([{ kind: 'createAccount', account, name }]);
    setTarget(`account/${account}`);
    return jsonReply(201, services.access.account(account));
  },
};

const switchAccount = (state: EntityState, verb: string, action: Operation['action']): Operation => ({
  method: 'POST',
  path: `${PATH}/${verb}`,
  of: 'server',
  action,
  resource: oneAccount,
  async handle({ request, param, services }) {
    await readJson(request, nothingSchema);
    await services.access.execute([{ kind: 'setAccountState', account: param('account'), state }]);
    return jsonReply(200, services.access.account(param('account')));
  },
});

const deleteAccount: Operation = {
  method: 'DELETE',
  path: PATH,
  of: 'server',
  action: 'stocktake:DeleteAccount',
  resource: oneAccount,
  async handle({ param, services }) {
    await services.access.execute([{ kind: 'deleteAccount', account: param('account') }]);
    return jsonReply(200, {});
  },
};

export const ACCOUNT_OPERATIONS: readonly Operation[] = [
  ...showOperations({
    path: 'access/accounts',
    kind: 'account',
    param: 'account',
    of: 'server',
    listAction: 'stocktake:ListAccounts',
    getAction: 'stocktake:GetAccount',
    page: (access, _, { after, limit }) => access.accounts(after, limit),
    one: (access, _, id) => access.account(id),
  }),
  createAccount,
  switchAccount('disabled', 'disable', 'stocktake:DisableAccount'),
  switchAccount('enabled', 'enable', 'stocktake:EnableAccount'),
  deleteAccount,
  ...accessKeyOperations({
    path: PATH,
    of: 'server',
    resource: oneAccount,
    named: ({ param }) => ({ account: param('account') }),
    keys: ({ param, services }) => services.access.account(param('account')).accessKeys,
  }),
];
