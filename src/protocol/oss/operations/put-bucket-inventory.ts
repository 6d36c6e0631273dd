import { DomainError } from '../../../core/errors.ts';
import { printable } from '../../../core/printable.ts';
import type { Rule } from '../../../core/rule.ts';
import { checkRule } from '../../../core/rule-check.ts';
import type { HeaderFields } from '../../../core/signed-request.ts';
import { acceptedWord } from '../accepted-word.ts';
import { readDocumentBytes } from '../document-body.ts';
import { type Exchange, emptyReply, type Operation } from '../operation.ts';
import { parseRuleDocument, RULE_DOCUMENT_LIMITS } from '../rule-document.ts';
import { inventoryBucketOf } from './inventory-bucket.ts';
import { assertNotOurs } from './rule-addition.ts';
import { dryRunReply } from './rule-dry-run.ts';
import { ruleFindings } from './rule-findings.ts';
import { ruleIdParameter } from './rule-id-parameter.ts';

// Ours. They begin with `x-oss-` so that every signature covers them.
/** Replaces a rule in one step, without a gap. */
const REPLACE_HEADER = 'x-oss-stocktake-replace';
/** Tells what the PUT would come to, and stores nothing. */
const DRY_RUN_HEADER = 'x-oss-stocktake-dry-run';

/** PutBucketInventory (inventory sheet, section 1). Stored rules that are enabled run at once. */
export const putBucketInventory: Operation = {
  name: 'PutBucketInventory',
  method: 'PUT',
  level: 'bucket',
  subresource: 'inventory',
  action: 'oss:PutBucketInventory',
  resource: 'bucket',
  isDryRun,
  async handle(exchange) {
    const { request, query, services } = exchange;
    const source = inventoryBucketOf(exchange);
    assertNotOurs('PutBucketInventory', query);
    // Given and empty it is a value like any other, to be held against the body's Id (EC 0020-00000044).
    const ruleId = query.get('inventoryId') ?? ruleIdParameter(exchange);
    const replace = isSet(request.headers, REPLACE_HEADER);
    const put = { source, rule: await readRule(exchange, ruleId), replace };
    if (isDryRun(request.headers)) return await dryRunReply(services, put);
    for await (const { error } of ruleFindings(services, put)) throw error;
    await services.rules.put(source, put.rule, { replace });
    return emptyReply(200);
  },
};

function isDryRun(headers: HeaderFields): boolean {
  return isSet(headers, DRY_RUN_HEADER);
}

function isSet(headers: HeaderFields, name: string): boolean {
  return acceptedWord(['true', 'false'], headers[name] ?? 'false', { name, ignoresCase: true }) === 'true';
}

async function readRule({ request, services }: Exchange, ruleId: string): Promise<Rule> {
  const body = await readDocumentBytes(request, RULE_DOCUMENT_LIMITS.maxBytes, 'RuleNotXml');
  const rule = checkRule(parseRuleDocument(body), Math.floor(services.dataNow() / 1000));
  if (rule.id === ruleId) return rule;
  throw new DomainError(
    'RuleIdMismatch',
    `The query parameter inventoryId is "${printable(ruleId)}" and the body's Id is "${printable(rule.id)}"; they must be the same.`,
    { ArgumentName: 'inventoryId', ArgumentValue: printable(ruleId) },
  );
}
