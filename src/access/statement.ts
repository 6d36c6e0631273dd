/** Whether a statement of a policy is about what is asked, and what a whole policy says to it. */

import type { Effect, Policy, Statement } from '../core/policy.ts';
import { matchesResource, type ResourceFields } from '../core/resource-pattern.ts';
import { matchesWildcard } from '../core/wildcard.ts';
import { type Circumstances, conditionsHold } from './conditions.ts';

/** What is asked, made ready for many statements. */
export interface Question extends Circumstances {
  /** In lower case: names of actions are compared without regard to case, as RAM does. */
  readonly action: string;
  /** Absent when a role is to be assumed: then the policy is the role's own. */
  readonly fields?: ResourceFields;
}

/** A Deny wins over any Allow; undefined when no statement is about it. */
export function verdictOf(
  policy: Policy,
  question: Question,
  isAbout: (statement: Statement) => boolean = () => true,
): Effect | undefined {
  let verdict: Effect | undefined;
  for (const statement of policy.statements) {
    if (statement.effect === verdict || !appliesTo(statement, question) || !isAbout(statement)) continue;
    if (statement.effect === 'Deny') return 'Deny';
    verdict = 'Allow';
  }
  return verdict;
}

/** From the cheapest to the dearest: conditions may look an object up. */
function appliesTo({ actions, resources, conditions }: Statement, question: Question): boolean {
  const { action, fields } = question;
  const isNamed = actions.patterns.some((pattern) => matchesWildcard(pattern.toLowerCase(), action));
  if (isNamed === actions.isNot) return false;
  if (!isAboutResource(resources, fields)) return false;
  return conditionsHold(conditions, question);
}

function isAboutResource(resources: readonly string[] | undefined, fields: ResourceFields | undefined): boolean {
  if (resources === undefined || fields === undefined) return resources === fields;
  return resources.some((pattern) => matchesResource(pattern, fields));
}
