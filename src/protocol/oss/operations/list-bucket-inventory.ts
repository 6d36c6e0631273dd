import { noSuchRule } from '../../../core/rule.ts';
import { type Operation, xmlReply } from '../operation.ts';
import { ruleListNode } from '../rule-document.ts';
import { inventoryBucketOf } from './inventory-bucket.ts';
import { assertNotOurs } from './rule-addition.ts';

const RULES_A_PAGE = 100;

/** ListBucketInventory (inventory sheet, section 2.2): the token is the id of the last rule of the page before. */
export const listBucketInventory: Operation = {
  name: 'ListBucketInventory',
  method: 'GET',
  level: 'bucket',
  subresource: 'inventory',
  action: 'oss:GetBucketInventory',
  resource: 'bucket',
  async handle(exchange) {
    const bucket = inventoryBucketOf(exchange);
    assertNotOurs('ListBucketInventory', exchange.query);
    const token = exchange.query.get('continuation-token') ?? '';
    const page = await exchange.services.rules.list(bucket, token, RULES_A_PAGE);
    // No rule at all is an error, not an empty list; a page behind the last rule is empty.
    if (page.rules.length === 0 && token === '') {
      throw noSuchRule();
    }
    return xmlReply(
      ruleListNode({
        rules: page.rules,
        continuationToken: token === '' ? undefined : token,
        nextContinuationToken: page.nextAfter,
      }),
    );
  },
};
