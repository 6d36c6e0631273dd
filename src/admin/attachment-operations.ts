/**
 * Policies of users and roles: attached and detached, by who may do so to the user or role and with the policy. Else who
 * may give one user a policy could give that user every right there is.
 */

import type { AccessChange, Principal } from '../core/access-change.ts';
import { jsonReply } from '../http/json-reply.ts';
import type { Operation } from './operation.ts';
import type { AccessPort } from './ports.ts';
import { nothingSchema, readJson } from './read-input.ts';

/** `view` shows the user or role as it is after that. */
export function attachmentOperations(
  kind: Principal['kind'],
  view: (access: AccessPort, account: string, name: string) => unknown,
): readonly Operation[] {
  const operation = (
    method: 'PUT' | 'DELETE',
    change: 'attach' | 'detach',
    action: Operation['action'],
  ): Operation => ({
    method,
    path: `access/${kind}s/{name}/policies/{policy}`,
    of: 'account',
    action,
    resource: (param) => `${kind}/${param('name')}`,
    also: (param) => `policy/${param('policy')}`,
    async handle({ request, account, param, services, setTarget }) {
      await readJson(request, nothingSchema);
      const [name, policy] = [param('name'), param('policy')];
      setTarget(`${kind}/${name} policy ${policy}`);
      await services.access.execute([{ kind: change, account, policy, to: { kind, name } }]);
      return jsonReply(200, view(services.access, account, name));
    },
  });
  return [
    operation('PUT', 'attach', 'stocktake:AttachPolicy'),
    operation('DELETE', 'detach', 'stocktake:DetachPolicy'),
  ];
}

/** The changes that take these policies from a user or role. */
export function detachments(account: string, to: Principal, policies: readonly string[]): AccessChange[] {
  return policies.map((policy) => ({ kind: 'detach', account, policy, to }));
}
