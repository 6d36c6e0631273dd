/** Policies to show to a person, or to attach: documents that allow. */

import { POLICY_VERSION } from '../core/policy-document.ts';

/** One permission, as a refusal names it. */
export interface Grant {
  /** As in `oss:PutObject`. */
  readonly action: string;
  /** As in `acs:oss:*:*:reports/*`. */
  readonly resource: string;
}

/** A policy document, as JSON is written of it. */
export interface PolicyDocument {
  readonly Version: string;
  readonly Statement: readonly AllowStatement[];
}

export interface AllowStatement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

/** A policy that allows just these; actions on the same resource share a statement. */
export function grantingPolicy(grants: readonly Grant[]): PolicyDocument {
  const byResource = Map.groupBy(grants, ({ resource }) => resource);
  return policyDocument(
    [...byResource].map(([resource, same]) => {
      const actions = new Set(same.map(({ action }) => action));
      return { Effect: 'Allow', Action: [...actions], Resource: [resource] };
    }),
  );
}

export function policyDocument(statements: readonly AllowStatement[]): PolicyDocument {
  return { Version: POLICY_VERSION, Statement: statements };
}
