/**
 * What keeps OSS from writing a rule's reports with the role that the rule names: asked when the rule is put, before a
 * run does any work, and for each key before it is written. Only the rights of the role count, whoever put the rule. The
 * same of removing them, which takes `oss:DeleteObject`: asked when retention is set, and for each key of a report.
 *
 * The minimum is the original's (inventory sheet, section 5): `oss:PutObject` on what runs write, and with SSE-KMS
 * `kms:GenerateDataKey` on the key. Looking whether a name is taken, and sweeping what an unfinished run has written, are
 * the service's own housekeeping and need no right of the role. The service writes inside the server: it comes from no
 * address, and what it writes crosses no network, so `acs:SecureTransport` is true.
 */

import { printable } from '../core/printable.ts';
import { parseRoleArn } from '../core/rule.ts';
import { serviceTrust } from '../core/service-trust.ts';
import { grantText } from './grant-text.ts';
import { grantingPolicy } from './granting-policy.ts';
import {
  boundPolicy,
  type Need,
  type ReportRemoval,
  type ReportWriting,
  type RoleUse,
  refusedNeeds,
  refusedRemovals,
} from './report-needs.ts';
import { trustsService } from './trust.ts';

/** The service that writes reports, as trust policies name it. */
const OSS_SERVICE = 'oss.aliyuncs.com';

export interface RoleFault {
  /** What the fault is in: the role itself, its right to write or to remove, or its right to use the key. */
  readonly kind: 'role' | Need['kind'];
  /** What is wrong, and what would mend it. */
  readonly text: string;
  /** The policy document that the text ends on; absent where no grant would help. */
  readonly grant?: object;
}

/**
 * All that keeps the role from writing these keys or, unless they are given, any key that a run of the rule might
 * write; what to mend first comes first. Empty when nothing does.
 */
export function roleFaults(writing: ReportWriting, keys?: readonly string[]): readonly RoleFault[] {
  return faultsOf(writing, () => refusedNeeds(writing, keys));
}

/** The same of removing them. */
export function removalFaults(removal: ReportRemoval, keys?: readonly string[]): readonly RoleFault[] {
  return faultsOf(removal, () => refusedRemovals(removal, keys));
}

function faultsOf(writing: ReportWriting, refused: () => readonly Need[]): readonly RoleFault[] {
  const standing = standingFaults(writing);
  if (!mayBeAsked(writing)) return standing;
  const needs = refused();
  return [...standing, ...deniedFaults(writing, needs), ...lackFaults(writing, needs)];
}

/** All faults in one text: who mends what it says, and attaches the one policy that it ends on, has mended it all. */
export function faultsText(faults: readonly RoleFault[]): string {
  return faults.map(({ text }) => text).join(' Besides: ');
}

/** What is wrong with the role itself, wherever it is to write. */
export function standingFaults(use: RoleUse): readonly RoleFault[] {
  const { role, owner } = use;
  const roleArn = printable(use.roleArn);
  if (accountOf(use) !== owner) {
    const text = `The role "${roleArn}" does not belong to the account that owns the bucket, ${owner}. Name a role of that account.`;
    return [{ kind: 'role', text }];
  }
  if (role === undefined)
    return [
      grantable('role', `There is no role "${roleArn}". Make it with the trust policy`, serviceTrust(OSS_SERVICE)),
    ];
  if (role.accountState === 'disabled') {
    return [{ kind: 'role', text: `The account ${owner} of the role "${roleArn}" is disabled. Enable it.` }];
  }
  if (trustsService(role.trust, OSS_SERVICE)) return [];
  const text = `The role "${roleArn}" does not trust ${OSS_SERVICE}. Its trust policy needs`;
  return [grantable('role', text, serviceTrust(OSS_SERVICE))];
}

/** The account is the right one and able; a role that is still to be made is told at once what else it will need. */
function mayBeAsked(use: RoleUse): boolean {
  return accountOf(use) === use.owner && use.role?.accountState !== 'disabled';
}

function accountOf({ role, roleArn }: RoleUse): string | undefined {
  return role?.accountId ?? parseRoleArn(roleArn)?.accountId;
}

/** Whatever denies has to be changed by itself. */
function deniedFaults(writing: ReportWriting, needs: readonly Need[]): readonly RoleFault[] {
  const denied = needs.filter((need) => isAbroad(writing, need) || need.refusal.kind === 'ExplicitDeny');
  const faults = denied.map((need) => ({ kind: need.kind, text: deniedText(writing, need) }));
  return uniqueBy(faults, ({ text }) => text);
}

function deniedText(writing: ReportWriting, need: Need): string {
  const { roleArn, destination, keyAccount } = writing;
  if (isAbroad(writing, need)) {
    return `The role "${printable(roleArn)}" can't use SSE-KMS: the keys belong to the account ${keyAccount}, and only its own roles may use them. SSE-OSS needs no key.`;
  }
  const lack = `${lackText(writing, [need])}, or not all of it`;
  if (need.refusal.by === 'bucket') {
    return `${lack}: the policy of the bucket "${destination.name}" denies it. Change that Deny, which no grant overrides. The service writes from no address, so one that spares only some addresses covers it.`;
  }
  const policy = need.refusal.policy === undefined ? 'a policy' : `the policy "${need.refusal.policy}"`;
  return `${lack}: ${policy} of the role denies it. Change or detach that policy, since no grant overrides a Deny.`;
}

/** The key is out of reach, whatever policies say. */
function isAbroad({ keyAccount, owner }: ReportWriting, { kind }: Need): boolean {
  return kind === 'key' && keyAccount !== owner;
}

/** What no policy allows, all of it at once: one policy can grant it. */
function lackFaults(writing: ReportWriting, needs: readonly Need[]): readonly RoleFault[] {
  const silent = needs.filter((need) => !isAbroad(writing, need) && need.refusal.kind === 'ImplicitDeny');
  const lacks = uniqueBy(silent, ({ right }) => right);
  const [first] = lacks;
  if (first === undefined) return [];
  const bound = new Set(lacks.map((need) => boundPolicy(writing, need)).filter((name) => name !== undefined));
  const conditions = [...bound].map(
    (name) =>
      ` The policy "${name}" would, but for a Condition that does not hold: the service writes from no address and names no client, and dates are held against now.`,
  );
  const text = `${lackText(writing, lacks)}: no policy of it allows that.${conditions.join('')} Attach one that does:`;
  return [grantable(first.kind, text, grantingPolicy(lacks.map(({ grant }) => grant)))];
}

function lackText({ roleArn }: ReportWriting, lacks: readonly Need[]): string {
  const rights = lacks.map(({ right }) => printable(right, MAX_RIGHT_CHARACTERS));
  return `The role "${printable(roleArn)}" may not ${rights.join(' and may not ')}`;
}

/** One of each name, in order. */
function uniqueBy<T>(items: readonly T[], nameOf: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [nameOf(item), item])).values()];
}

/** A bucket's name, the longest prefix and rule id, and the words around them. */
const MAX_RIGHT_CHARACTERS = 1500;

function grantable(kind: RoleFault['kind'], text: string, grant: object): RoleFault {
  return { kind, text: `${text} ${grantText(grant)}`, grant };
}
