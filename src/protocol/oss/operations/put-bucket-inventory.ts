import type { Bucket } from '../../../core/bucket.ts';
import { DomainError, type ErrorCode } from '../../../core/errors.ts';
import { isKeyRefusal } from '../../../core/key-refusal.ts';
import { printable } from '../../../core/printable.ts';
import type { Rule } from '../../../core/rule.ts';
import { checkRule } from '../../../core/rule-check.ts';
import { readDocumentBytes } from '../document-body.ts';
import { type Exchange, emptyReply, type Operation } from '../operation.ts';
import type { KeyPort } from '../ports.ts';
import { parseRuleDocument, RULE_DOCUMENT_LIMITS } from '../rule-document.ts';
import { inventoryBucketOf } from './inventory-bucket.ts';
import { ruleIdParameter } from './rule-id-parameter.ts';

/** Ours: replaces a rule in one step, without a gap. It begins with `x-oss-` so that every signature covers it. */
const REPLACE_HEADER = 'x-oss-stocktake-replace';

/** PutBucketInventory (inventory sheet, section 1). Stored rules that are enabled run at once. */
export const putBucketInventory: Operation = {
  name: 'PutBucketInventory',
  method: 'PUT',
  level: 'bucket',
  subresource: 'inventory',
  action: 'oss:PutBucketInventory',
  async handle(exchange) {
    const bucket = inventoryBucketOf(exchange);
    // Given and empty it is a value like any other, to be held against the body's Id (EC 0020-00000044).
    const ruleId = exchange.query.get('inventoryId') ?? ruleIdParameter(exchange);
    const rule = await readRule(exchange, ruleId);
    const replace = exchange.request.headers[REPLACE_HEADER]?.toLowerCase() === 'true';
    checkAgainstState(exchange, bucket, rule);
    await exchange.services.rules.assertPlace(bucket, rule.id, { replace });
    await checkRights(exchange, rule);
    await exchange.services.rules.put(bucket, rule, { replace });
    return emptyReply(200);
  },
};

async function readRule({ request, services }: Exchange, ruleId: string): Promise<Rule> {
  const body = await readDocumentBytes(request, RULE_DOCUMENT_LIMITS.maxBytes, 'RuleNotXml');
  const rule = checkRule(parseRuleDocument(body), Math.floor(services.now() / 1000));
  if (rule.id === ruleId) return rule;
  throw new DomainError(
    'RuleIdMismatch',
    `The query parameter inventoryId is "${printable(ruleId)}" and the body's Id is "${printable(rule.id)}"; they must be the same.`,
    { ArgumentName: 'inventoryId', ArgumentValue: printable(ruleId) },
  );
}

/** What the rule names has to exist and to belong together (inventory sheet, sections 1.4 and 3.3). */
function checkAgainstState({ services }: Exchange, source: Bucket, rule: Rule): void {
  const { accountId, bucket: destinationName } = rule.destination;
  if (accountId !== source.owner) {
    throw new DomainError(
      'RuleAccountIdInvalid',
      `AccountId is "${printable(accountId)}" where the account that owns the bucket is accepted, ${source.owner}.`,
      { ArgumentName: 'AccountId', ArgumentValue: printable(accountId) },
    );
  }
  const argument = { ArgumentName: 'Bucket', ArgumentValue: destinationName };
  const destination = services.store.findBucket(destinationName);
  if (destination === undefined) {
    throw new DomainError(
      'DestinationUnknown',
      `The destination bucket "${destinationName}" does not exist. Create it first.`,
      argument,
    );
  }
  if (destination.region !== source.region) {
    throw new DomainError(
      'DestinationInOtherRegion',
      `The destination bucket "${destinationName}" lies in ${destination.region}, and "${source.name}" in ${source.region}; they must be in the same region.`,
      argument,
    );
  }
  if (destination.owner !== source.owner) {
    throw new DomainError(
      'DestinationOfOtherAccount',
      `The destination bucket "${destinationName}" belongs to another account.`,
      argument,
    );
  }
  checkObjectLimit(services.store.totals(source.name).objects, rule, services.settings);
  // While versioning is suspended, the versions that there are can be listed.
  const neverHadVersions = source.versioning === undefined;
  if (rule.includedObjectVersions === 'All' && neverHadVersions && services.settings.allNeedsVersioning) {
    throw new DomainError(
      'RuleVersionsNeedVersioning',
      `IncludedObjectVersions is "All" where versioning is not enabled on "${source.name}"; Current is accepted.`,
      { ArgumentName: 'IncludedObjectVersions', ArgumentValue: 'All' },
    );
  }
}

/** What the report will be written with: last, since a rule that has no place needs no role and no key. */
async function checkRights({ services }: Exchange, { destination }: Rule): Promise<void> {
  const { encryption, roleArn } = destination;
  await services.roles.assertUsable(roleArn);
  if (encryption?.method === 'SSE-KMS') await checkKey(services.keys, encryption.keyId);
}

async function checkKey(keys: KeyPort, keyId: string | undefined): Promise<void> {
  try {
    await keys.assertUsable(keyId);
  } catch (error) {
    if (!isKeyRefusal(error)) throw error;
    const named = keyId === undefined ? 'names no key, which means the default key' : `names "${printable(keyId)}"`;
    throw new DomainError(
      NUMBERED_REFUSALS.includes(error.code) ? error.code : 'RuleKeyUnusable',
      `Encryption/SSE-KMS ${named}, and it can't be used: ${error.message} An enabled symmetric key is accepted, and SSE-OSS, which needs none.`,
      { ArgumentName: 'KeyId', ArgumentValue: printable(keyId ?? '') },
      { cause: error },
    );
  }
}

/** Those that the original has numbers for (inventory sheet, section 3.3). */
const NUMBERED_REFUSALS: readonly ErrorCode[] = ['EncryptionKeyNotSymmetric', 'KeyServiceOff'];

function checkObjectLimit(objects: number, rule: Rule, limits: Exchange['services']['settings']): void {
  if (rule.schedule.frequency === 'Daily' && objects >= limits.maxDailyObjects) {
    throw new DomainError(
      'DailyObjectLimit',
      `daily inventory object count exceed limit. The bucket holds ${objects} objects; Daily needs fewer than ${limits.maxDailyObjects}. Weekly or a prefix is accepted.`,
    );
  }
  if (rule.schedule.frequency === 'Weekly' && objects > limits.maxWeeklyObjects) {
    throw new DomainError(
      'WeeklyObjectLimit',
      `weekly inventory object count exceed limit. The bucket holds ${objects} objects; Weekly takes at most ${limits.maxWeeklyObjects}.`,
    );
  }
}
