/**
 * What keeps a rule from being stored, in the order in which a PUT asks: what the rule names has to exist and to belong
 * together (inventory sheet, sections 1.4 and 3.3), there has to be a place for it, and its reports have to be writable.
 * A PUT is refused with the first finding, or all of the role's at once, and looks no further; a dry run tells them all.
 */

import { faultsText, roleFaults, standingFaults } from '../../../access/role-rights.ts';
import type { Bucket } from '../../../core/bucket.ts';
import { DomainError, type ErrorCode } from '../../../core/errors.ts';
import { isKeyRefusal } from '../../../core/key-refusal.ts';
import { printable } from '../../../core/printable.ts';
import { reportPlace } from '../../../core/report.ts';
import type { Rule } from '../../../core/rule.ts';
import type { KeyPort, Services, WireSettings } from '../ports.ts';

export interface RulePut {
  readonly source: Bucket;
  readonly rule: Rule;
  readonly replace: boolean;
}

export interface RuleFinding {
  /** What a PUT is refused with. */
  readonly error: DomainError;
  /** Less than the error tells: a finding of several about the role, which a PUT is told all in one. */
  readonly message?: string;
  /** The policy document that grants what is missing; absent where no grant would help. */
  readonly grant?: object;
}

export async function* ruleFindings(services: Services, put: RulePut): AsyncGenerator<RuleFinding> {
  const { source, rule, replace } = put;
  const destination = services.store.findBucket(rule.destination.bucket);
  yield* told(accountFault(put));
  if (destination === undefined) yield* told(destinationUnknown(rule));
  else yield* told(regionFault(source, destination), ownerFault(source, destination));
  yield* told(objectLimitFault(services.store.totals(source).objects, rule, services.settings));
  yield* told(versionsFault(put, services.settings));
  yield* told(await refusalOf(services.rules.assertPlace(source, rule.id, { replace })));
  // Last, since a rule that has no place needs no role and no key.
  yield* roleFindings(services, put, destination);
  yield* told(await keyFault(services.keys, rule));
}

function* told(...errors: readonly (DomainError | undefined)[]): Generator<RuleFinding> {
  for (const error of errors) if (error !== undefined) yield { error };
}

async function refusalOf(work: Promise<void>): Promise<DomainError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

function accountFault({ source, rule }: RulePut): DomainError | undefined {
  const { accountId } = rule.destination;
  if (accountId === source.owner) return undefined;
  return new DomainError(
    'RuleAccountIdInvalid',
    `AccountId is "${printable(accountId)}" where the account that owns the bucket is accepted, ${source.owner}.`,
    { ArgumentName: 'AccountId', ArgumentValue: printable(accountId) },
  );
}

function destinationUnknown({ destination }: Rule): DomainError {
  return new DomainError(
    'DestinationUnknown',
    `The destination bucket "${destination.bucket}" does not exist. Create it first.`,
    { ArgumentName: 'Bucket', ArgumentValue: destination.bucket },
  );
}

function regionFault(source: Bucket, destination: Bucket): DomainError | undefined {
  if (destination.region === source.region) return undefined;
  // Where the buckets of others lie is not told.
  const region = destination.owner === source.owner ? destination.region : 'another region';
  return new DomainError(
    'DestinationInOtherRegion',
    `The destination bucket "${destination.name}" lies in ${region}, and "${source.name}" in ${source.region}; they must be in the same region.`,
    { ArgumentName: 'Bucket', ArgumentValue: destination.name },
  );
}

function ownerFault(source: Bucket, destination: Bucket): DomainError | undefined {
  if (destination.owner === source.owner) return undefined;
  return new DomainError(
    'DestinationOfOtherAccount',
    `The destination bucket "${destination.name}" belongs to another account.`,
    { ArgumentName: 'Bucket', ArgumentValue: destination.name },
  );
}

function objectLimitFault(objects: number, rule: Rule, limits: WireSettings): DomainError | undefined {
  if (rule.schedule.frequency === 'Daily' && objects >= limits.maxDailyObjects) {
    return new DomainError(
      'DailyObjectLimit',
      `daily inventory object count exceed limit. The bucket holds ${objects} objects; Daily needs fewer than ${limits.maxDailyObjects}. Weekly or a prefix is accepted.`,
    );
  }
  if (rule.schedule.frequency === 'Weekly' && objects > limits.maxWeeklyObjects) {
    return new DomainError(
      'WeeklyObjectLimit',
      `weekly inventory object count exceed limit. The bucket holds ${objects} objects; Weekly takes at most ${limits.maxWeeklyObjects}.`,
    );
  }
  return undefined;
}

function versionsFault({ source, rule }: RulePut, { allNeedsVersioning }: WireSettings): DomainError | undefined {
  // While versioning is suspended, the versions that there are can be listed.
  const neverHadVersions = source.versioning === undefined;
  if (rule.includedObjectVersions !== 'All' || !neverHadVersions || !allNeedsVersioning) return undefined;
  return new DomainError(
    'RuleVersionsNeedVersioning',
    `IncludedObjectVersions is "All" where versioning is not enabled on "${source.name}"; Current is accepted.`,
    { ArgumentName: 'IncludedObjectVersions', ArgumentValue: 'All' },
  );
}

/** What the reports will be written with. Of a destination that is not the account's own, no right is asked. */
function* roleFindings(
  { roles, settings, dataNow }: Services,
  { source, rule }: RulePut,
  destination: Bucket | undefined,
): Generator<RuleFinding> {
  const { roleArn, encryption } = rule.destination;
  const use = { roleArn, role: roles.findRole(roleArn), owner: source.owner };
  const place = reportPlace(source.name, rule);
  const faults =
    destination?.owner === source.owner
      ? roleFaults({
          ...use,
          destination,
          encryption,
          place,
          keepsLatest: settings.latestFile,
          keyAccount: settings.accountId,
          nowMs: dataNow(),
        })
      : standingFaults(use);
  const argument = { ArgumentName: 'RoleArn', ArgumentValue: printable(roleArn) };
  const error = new DomainError('RuleRoleArnInvalid', faultsText(faults), argument);
  for (const { text, grant } of faults) yield { error, message: text, ...(grant !== undefined && { grant }) };
}

async function keyFault(keys: KeyPort, { destination }: Rule): Promise<DomainError | undefined> {
  if (destination.encryption?.method !== 'SSE-KMS') return undefined;
  const { keyId } = destination.encryption;
  const refusal = await refusalOf(keys.assertUsable(keyId));
  if (refusal === undefined) return undefined;
  if (!isKeyRefusal(refusal)) throw refusal;
  const named = keyId === undefined ? 'names no key, which means the default key' : `names "${printable(keyId)}"`;
  return new DomainError(
    NUMBERED_REFUSALS.includes(refusal.code) ? refusal.code : 'RuleKeyUnusable',
    `Encryption/SSE-KMS ${named}, and it can't be used: ${refusal.message} An enabled symmetric key is accepted, and SSE-OSS, which needs none.`,
    { ArgumentName: 'KeyId', ArgumentValue: printable(keyId ?? '') },
    { cause: refusal },
  );
}

/** Those that the original has numbers for (inventory sheet, section 3.3). */
const NUMBERED_REFUSALS: readonly ErrorCode[] = ['EncryptionKeyNotSymmetric', 'KeyServiceOff'];
