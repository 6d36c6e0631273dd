/**
 * What a policy says to no effect: an action that nothing here needs, or resources that the action is never asked for
 * on. Such a policy is no fault, for it may have been written for more than this server; but whoever misspelt it waits
 * for a right, or trusts in a refusal, that never comes.
 */

import type { Policy, Statement } from '../core/policy.ts';
import { parsePolicy } from '../core/policy-document.ts';
import { printable } from '../core/printable.ts';
import { resourceFields } from '../core/resource-pattern.ts';
import { matchesWildcard } from '../core/wildcard.ts';
import type { Permission } from './ports.ts';

/** A line for each action of a document, which has to be a policy of an identity, that does nothing. */
export function policyWarnings(document: unknown, permissions: readonly Permission[]): readonly string[] {
  const { statements }: Policy = parsePolicy(document, 'identity');
  return statements.flatMap((statement, index) =>
    statement.actions.isNot ? [] : idleActions(statement, permissions).map((idle) => `Statement[${index}]: ${idle}`),
  );
}

function idleActions({ effect, actions, resources = [] }: Statement, permissions: readonly Permission[]): string[] {
  const nothing = effect === 'Allow' ? 'allows nothing' : 'denies nothing';
  const named = new Set(KINDS.filter((on) => resources.some((resource) => canBe(resource, on))));
  return actions.patterns.flatMap((pattern) => {
    const meant = permissions.filter(({ action }) => matchesWildcard(pattern.toLowerCase(), action.toLowerCase()));
    if (meant.some(({ on }) => named.has(on))) return [];
    const shown = `"${printable(pattern)}"`;
    if (meant.length === 0) return [`${shown} ${nothing}: nothing on this server needs such a permission.`];
    const forms = [...new Set(meant.map(({ on }) => FORMS[on].example))].join(' or ');
    return [`${shown} ${nothing}: it is needed on ${forms}, and no Resource of the statement is one.`];
  });
}

const KINDS = ['service', 'bucket', 'object', 'key', 'role', 'admin'] as const satisfies readonly Permission['on'][];

const FORMS: Readonly<Record<Permission['on'], { service: string; example: string }>> = {
  service: { service: 'oss', example: 'all buckets together, as in acs:oss:*:*:*' },
  bucket: { service: 'oss', example: 'a bucket, as in acs:oss:*:*:photos' },
  object: { service: 'oss', example: 'objects, as in acs:oss:*:*:photos/*' },
  key: { service: 'kms', example: 'a master key, as in acs:kms:*:*:key/mine' },
  role: { service: 'ram', example: 'a role, as in acs:ram::*:role/reader' },
  admin: { service: 'stocktake', example: 'what is administered, as in acs:stocktake:*:*:user/anna' },
};

/** Whether a pattern may be about a thing of this kind, in any region and account. */
function canBe(resource: string, on: Permission['on']): boolean {
  if (resource === '*') return true;
  const [service, , , rest] = resourceFields(resource) ?? ['', '', '', ''];
  if (!matchesWildcard(service, FORMS[on].service)) return false;
  if (on === 'service') return matchesWildcard(rest, '*');
  if (on === 'bucket') return !rest.includes('/');
  return on !== 'object' || /[/*?]/.test(rest);
}
