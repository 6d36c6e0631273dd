import type { Bucket } from '../../../core/bucket.ts';
import { DomainError } from '../../../core/errors.ts';
import { printable } from '../../../core/printable.ts';
import type { Rule } from '../../../core/rule.ts';
import { checkRule } from '../../../core/rule-check.ts';
import { readBody } from '../../../http/read-body.ts';
import { checkMd5 } from '../content-md5.ts';
import { bucketOf, type Exchange, emptyReply, type Operation } from '../operation.ts';
import { parseRuleDocument, RULE_DOCUMENT_LIMITS } from '../rule-document.ts';
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
    const bucket = bucketOf(exchange);
    // Given and empty it is a value like any other, to be held against the body's Id (EC 0020-00000044).
    const ruleId = exchange.query.get('inventoryId') ?? ruleIdParameter(exchange);
    const rule = await readRule(exchange, ruleId);
    await checkAgainstState(exchange, bucket, rule);
    const replace = exchange.request.headers[REPLACE_HEADER]?.toLowerCase() === 'true';
    await exchange.services.rules.put(bucket, rule, { replace });
    return emptyReply(200);
  },
};

async function readRule({ request, services }: Exchange, ruleId: string): Promise<Rule> {
  const body = await readBody(request, RULE_DOCUMENT_LIMITS.maxBytes);
  if (body === undefined) {
    throw new DomainError(
      'RuleNotXml',
      `The body is longer than the ${RULE_DOCUMENT_LIMITS.maxBytes} bytes that a rule may have.`,
    );
  }
  checkMd5(request.headers, body);
  const rule = checkRule(parseRuleDocument(body), Math.floor(services.now() / 1000));
  if (rule.id === ruleId) return rule;
  throw new DomainError(
    'RuleIdMismatch',
    `The query parameter inventoryId is "${printable(ruleId)}" and the body's Id is "${printable(rule.id)}"; they must be the same.`,
    { ArgumentName: 'inventoryId', ArgumentValue: printable(ruleId) },
  );
}

/** What the rule names has to exist and to belong together (inventory sheet, sections 1.4 and 3.3). */
async function checkAgainstState({ services }: Exchange, source: Bucket, rule: Rule): Promise<void> {
  const { accountId, bucket: destinationName, roleArn } = rule.destination;
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
  if (rule.includedObjectVersions === 'All' && services.settings.allNeedsVersioning) {
    throw new DomainError(
      'RuleVersionsNeedVersioning',
      `IncludedObjectVersions is "All" where versioning is not enabled on "${source.name}"; Current is accepted.`,
      { ArgumentName: 'IncludedObjectVersions', ArgumentValue: 'All' },
    );
  }
  await services.roles.assertUsable(roleArn);
}

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
