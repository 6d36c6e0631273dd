/**
 * Policies as JSON (protocol sheet, section 4), read strictly: what is not understood is refused, because passing over a
 * misspelt `Conditon` would grant more than its writer meant.
 */

import { ACCESS_LIMITS } from './access-entities.ts';
import type { Bucket } from './bucket.ts';
import { findRepeatedKey } from './json-keys.ts';
import type { Condition, Effect, Policy, Statement } from './policy.ts';
import { readConditions } from './policy-conditions.ts';
import { invalidPolicy, malformedPolicy } from './policy-fault.ts';
import { POLICY_BOUNDS, readEntries, readTexts } from './policy-nodes.ts';
import { readBucketPrincipals, readTrustPrincipals } from './policy-principals.ts';
import { printable } from './printable.ts';
import { matchesResource, resourceFields, searchedResourceCharacters } from './resource-pattern.ts';
import { searchedCharacters } from './wildcard.ts';

/** `identity`: attached to users and roles; `session`: what a session may do at most; `trust`: who may assume a role. */
export type PolicyKind = 'identity' | 'session' | 'bucket' | 'trust';

export const POLICY_VERSION = '1';
/** Of the text of any policy, as it was written. */
export const MAX_POLICY_TEXT_BYTES = 16 * 1024;

/** Characters as compact JSON. */
const MAX_CHARACTERS: Readonly<Record<PolicyKind, number>> = {
  identity: ACCESS_LIMITS.policyCharacters,
  session: 2048,
  bucket: MAX_POLICY_TEXT_BYTES,
  trust: ACCESS_LIMITS.trustCharacters,
};

/** Reads a policy as it was written; throws `PolicyMalformed`. */
export function parsePolicyText(text: string, kind: PolicyKind): Policy {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_POLICY_TEXT_BYTES) {
    throw invalidPolicy(`it is ${bytes} bytes long; at most ${MAX_POLICY_TEXT_BYTES} are accepted`);
  }
  const document = parseJson(text);
  const repeated = findRepeatedKey(text);
  if (repeated !== undefined) throw malformedPolicy('a repeated key', repeated, 'each may stand once in its object');
  return parsePolicy(document, kind);
}

/** Reads a policy as parsed JSON; throws `PolicyMalformed` that names the place, what stands there and what may. */
export function parsePolicy(document: unknown, kind: PolicyKind): Policy {
  const { Version, Statement } = readMembers(document, 'the policy', ['Version', 'Statement']);
  if (Version !== POLICY_VERSION) throw malformedPolicy('Version', Version, `the text "${POLICY_VERSION}" is accepted`);
  const nodes: readonly unknown[] = Array.isArray(Statement) ? Statement : [Statement];
  if (nodes.length === 0 || nodes.length > POLICY_BOUNDS.statements) {
    throw malformedPolicy('Statement', Statement, `1 to ${POLICY_BOUNDS.statements} statements are accepted`);
  }
  const statements = nodes.map((node, index) =>
    readStatement(node, Array.isArray(Statement) ? `Statement[${index}]` : 'Statement', kind),
  );
  assertQuicklyMatched(statements);
  // Last, because only now it is known not to be nested deeply.
  const characters = JSON.stringify(document).length;
  if (characters > MAX_CHARACTERS[kind]) {
    const accepted = `at most ${MAX_CHARACTERS[kind]} are accepted`;
    throw invalidPolicy(`it is ${characters} characters long as compact JSON; ${accepted}`);
  }
  return { statements };
}

/** Policies are asked at every request, and anybody who has a bucket may write one. */
function assertQuicklyMatched(statements: readonly Statement[]): void {
  const characters = statements
    .flatMap(({ actions, resources = [], principals, conditions }) => [
      ...resources.map(searchedResourceCharacters),
      ...[...actions.patterns, ...(principals?.names ?? []), ...conditions.flatMap(likenesses)].map(searchedCharacters),
    ])
    .reduce((sum, each) => sum + each, 0);
  if (characters <= POLICY_BOUNDS.searchedCharacters) return;
  const accepted = `at most ${POLICY_BOUNDS.searchedCharacters} are accepted`;
  throw invalidPolicy(`its patterns have ${characters} characters that stand between two "*"; ${accepted}`);
}

function likenesses({ operator, values }: Condition): readonly string[] {
  return operator === 'StringLike' || operator === 'StringNotLike' ? values : [];
}

/** Throws `PolicyMalformed` unless every statement of a bucket policy is about this bucket and its objects alone. */
export function assertPolicyAboutBucket(policy: Policy, bucket: Pick<Bucket, 'name' | 'region' | 'owner'>): void {
  policy.statements.forEach(({ resources = [] }, index) => {
    const foreign = resources.find((pattern) => !isAboutBucket(pattern, bucket));
    if (foreign === undefined) return;
    const own = `acs:oss:*:${bucket.owner}:${bucket.name}`;
    throw malformedPolicy(`Statement[${index}].Resource`, foreign, `accepted are "${own}" and "${own}/<key>"`);
  });
}

function isAboutBucket(pattern: string, { name, region, owner }: Pick<Bucket, 'name' | 'region' | 'owner'>): boolean {
  const rest = resourceFields(pattern)?.[3];
  if (rest === undefined || (rest !== name && !rest.startsWith(`${name}/`))) return false;
  return matchesResource(pattern.slice(0, pattern.length - rest.length) + name, ['oss', region, owner, name]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? printable(error.message) : 'it cannot be read';
    throw invalidPolicy(`it is not JSON: ${reason}`, { cause: error });
  }
}

function readStatement(node: unknown, path: string, kind: PolicyKind): Statement {
  const hasResource = kind !== 'trust';
  const hasPrincipal = kind === 'bucket' || kind === 'trust';
  const names = ['Effect', 'Action', 'NotAction', 'Condition'] as const;
  const optional = [...(hasResource ? ['Resource' as const] : []), ...(hasPrincipal ? ['Principal' as const] : [])];
  const members = readMembers(node, path, [...names, ...optional]);
  return {
    effect: readEffect(members.Effect, `${path}.Effect`),
    actions: readActions(members, path),
    ...(hasResource && { resources: readResources(members.Resource, `${path}.Resource`) }),
    ...(kind === 'bucket' && { principals: readBucketPrincipals(members.Principal, `${path}.Principal`) }),
    ...(kind === 'trust' && { principals: readTrustPrincipals(members.Principal, `${path}.Principal`) }),
    conditions: readConditions(members.Condition, `${path}.Condition`),
  };
}

function readMembers<Name extends string>(
  node: unknown,
  path: string,
  accepted: readonly Name[],
): Readonly<Partial<Record<Name, unknown>>> {
  const members: Partial<Record<Name, unknown>> = {};
  for (const [key, value] of readEntries(node, path)) {
    const name = accepted.find((known) => known === key);
    if (name === undefined) throw malformedPolicy(`a key of ${path}`, key, `accepted are ${accepted.join(', ')}`);
    members[name] = value;
  }
  return members;
}

function readEffect(node: unknown, path: string): Effect {
  if (node === 'Allow' || node === 'Deny') return node;
  throw malformedPolicy(path, node, '"Allow" or "Deny" is accepted');
}

const ACTION = /^(?:\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$/;

function readActions(
  { Action, NotAction }: { readonly Action?: unknown; readonly NotAction?: unknown },
  path: string,
): Statement['actions'] {
  if (Action !== undefined && NotAction !== undefined) {
    throw malformedPolicy(`${path}.NotAction`, NotAction, 'either Action or NotAction is accepted, and not both');
  }
  const isNot = NotAction !== undefined;
  const place = `${path}.${isNot ? 'NotAction' : 'Action'}`;
  const patterns = readTexts(isNot ? NotAction : Action, place);
  const wrong = patterns.find((pattern) => !ACTION.test(pattern));
  if (wrong !== undefined)
    throw malformedPolicy(place, wrong, 'accepted are "*" and names as in oss:GetObject or oss:Get*');
  return { isNot, patterns };
}

function readResources(node: unknown, path: string): readonly string[] {
  const patterns = readTexts(node, path);
  const wrong = patterns.find((pattern) => !isResourcePattern(pattern));
  if (wrong === undefined) return patterns;
  const accepted = 'accepted are "*" and acs:<service>:<region>:<account>:<name>, with "*" for any region or account';
  throw malformedPolicy(path, wrong, accepted);
}

/** An empty region or account, as in the `acs:oss:::bucket` of rules, would fit no bucket: a Deny would be for nothing. */
function isResourcePattern(pattern: string): boolean {
  if (pattern === '*') return true;
  const fields = resourceFields(pattern);
  if (fields === undefined) return false;
  const [service, region, account, rest] = fields;
  return service !== '' && rest !== '' && (service !== 'oss' || (region !== '' && account !== ''));
}
