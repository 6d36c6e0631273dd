/** The rights that it takes to write the reports of a rule, and to remove them, and which of them its role is refused. */

import type { Bucket } from '../core/bucket.ts';
import type { Policy, Statement } from '../core/policy.ts';
import { type ReportPlace, reportRoot } from '../core/report.ts';
import { parseRoleArn, type RuleDestination } from '../core/rule.ts';
import type { ObjectFacts, Refusal, Resource } from './access.ts';
import { bucketPolicyOf } from './bucket-policy.ts';
import { decide } from './decide.ts';
import type { RoleFacts } from './directory-facts.ts';
import type { Grant } from './granting-policy.ts';
import type { AttachedPolicy, SessionIdentity } from './identity.ts';
import { possibleKeys } from './report-keys.ts';
import { keyResource, objectResource } from './resource.ts';

/** The name of the service's sessions, for bucket policies that name `assumed-role/<role>/<session>`. */
const SESSION_NAME = 'inventory';

export interface RoleUse {
  readonly roleArn: string;
  /** The role of that name, if there is one. */
  readonly role: RoleFacts | undefined;
  /** The account that owns the buckets. */
  readonly owner: string;
}

export interface ReportWriting extends RoleUse {
  /** As it is now, with its policy and its encryption. */
  readonly destination: Bucket;
  /** The rule's own. */
  readonly encryption: RuleDestination['encryption'];
  readonly place: ReportPlace;
  /** Whether `latest.json` is written beside the reports. */
  readonly keepsLatest: boolean;
  /** The account that owns the keys of the key service. */
  readonly keyAccount: string;
  readonly nowMs: number;
}

/** A right that the role needs and was refused. */
export interface Need {
  readonly kind: 'write' | 'key' | 'remove';
  readonly right: string;
  readonly grant: Grant;
  readonly resource: Resource;
  readonly refusal: Refusal;
}

/** What the role may not do of what it takes to write these keys or, unless they are given, any that a run might write. */
export function refusedNeeds(writing: ReportWriting, keys?: readonly string[]): readonly Need[] {
  const asked = keys ?? possibleKeys(writing, policiesOf(writing));
  return [...writeNeeds(writing, asked), ...keyNeeds(writing)];
}

/** Reports to be removed, with those of the keys that are there looked up: what has to be kept may be tagged so. */
export interface ReportRemoval extends ReportWriting {
  readonly objectOf?: (key: string) => ObjectFacts | undefined;
}

/** What the role may not do of what it takes to remove these keys or, unless they are given, any that a run might write. */
export function refusedRemovals(removal: ReportRemoval, keys?: readonly string[]): readonly Need[] {
  const { destination, objectOf = NOT_THERE_YET } = removal;
  const asked = keys ?? possibleKeys(removal, policiesOf(removal));
  const facts = { kind: 'remove', ...belowRoot(removal, 'oss:DeleteObject') } as const;
  return asked.flatMap((key) =>
    needOf(removal, { ...facts, resource: objectResource(destination, key, () => objectOf(key)) }),
  );
}

/** Those that have a say in what the role writes. */
function policiesOf({ role, destination }: ReportWriting): readonly Policy[] {
  const own = role?.policies.map(({ policy }) => policy) ?? [];
  return [...own, bucketPolicyOf(destination)].filter((policy) => policy !== undefined);
}

function writeNeeds(writing: ReportWriting, keys: readonly string[]): readonly Need[] {
  const facts = { kind: 'write', ...belowRoot(writing, 'oss:PutObject') } as const;
  return keys.flatMap((key) =>
    needOf(writing, { ...facts, resource: objectResource(writing.destination, key, NOT_THERE_YET) }),
  );
}

/** An action on all that the rule delivers: how it is told, and what grants it. */
function belowRoot({ destination, place }: ReportWriting, action: string): Pick<Need, 'right' | 'grant'> {
  const root = reportRoot(place);
  const resource = `acs:oss:*:*:${destination.name}/${literal(root)}/*`;
  return { right: `${action} on "${destination.name}/${root}/*"`, grant: { action, resource } };
}

/** What a run writes replaces nothing but its rule's `latest.json`, so only the bucket's ACL could have a say. */
const NOT_THERE_YET = () => undefined;

function keyNeeds(writing: ReportWriting): readonly Need[] {
  const key = masterKeyOf(writing);
  if (key === undefined) return [];
  const { keyAccount } = writing;
  const resource = keyResource(keyAccount, key.keyId);
  const right = `kms:GenerateDataKey on "${resource.arn}"`;
  const granted = keyResource(keyAccount, key.keyId && literal(key.keyId));
  const grant = { action: 'kms:GenerateDataKey', resource: granted.arn };
  return needOf(writing, { kind: 'key', right, grant, resource });
}

/** What SSE-KMS uses: as the rule says, else as the destination bucket does. */
function masterKeyOf({ encryption, destination }: ReportWriting): { readonly keyId?: string } | undefined {
  if (encryption !== undefined) return encryption.method === 'SSE-KMS' ? encryption : undefined;
  return destination.encryption?.algorithm === 'KMS' ? destination.encryption : undefined;
}

/** The need, unless the role has that right. */
function needOf(writing: ReportWriting, need: Omit<Need, 'refusal'>): readonly Need[] {
  const refusal = refusalOf(writing, need);
  return refusal === undefined ? [] : [{ ...need, refusal }];
}

/** The policy that would allow it, if it were not for its conditions. */
export function boundPolicy(writing: ReportWriting, need: Need): string | undefined {
  const { role } = writing;
  const isBound = (policy: AttachedPolicy) =>
    refusalOf({ ...writing, role: role && { ...role, policies: [withoutConditions(policy)] } }, need) === undefined;
  return role?.policies.find(isBound)?.name;
}

function withoutConditions({ name, policy }: AttachedPolicy): AttachedPolicy {
  const unbound = (statement: Statement): Statement =>
    statement.effect === 'Allow' ? { ...statement, conditions: [] } : statement;
  return { name, policy: { ...policy, statements: policy.statements.map(unbound) } };
}

function refusalOf(writing: ReportWriting, { grant, resource }: Omit<Need, 'refusal'>): Refusal | undefined {
  const { action } = grant;
  const context = { nowMs: writing.nowMs, isSecure: true };
  const decision = decide({ identity: identityOf(writing), action, resource, context });
  return decision.allowed ? undefined : decision.refusal;
}

/** The service, at work with the role. */
function identityOf({ role, owner, roleArn }: RoleUse): SessionIdentity {
  return {
    kind: 'session',
    accountId: owner,
    roleId: role?.id ?? '',
    roleName: parseRoleArn(roleArn)?.roleName ?? '',
    sessionName: SESSION_NAME,
    policies: role?.policies ?? [],
  };
}

/** A rule may have a `*` in its id, and the policy that is printed must not grant more by that. */
function literal(text: string): string {
  return text.replaceAll('*', '?');
}
