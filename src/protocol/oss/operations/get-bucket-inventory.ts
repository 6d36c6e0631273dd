import { type Operation, xmlReply } from '../operation.ts';
import { ruleNode } from '../rule-document.ts';
import { inventoryBucketOf } from './inventory-bucket.ts';
import { assertNotOurs } from './rule-addition.ts';
import { ruleIdParameter } from './rule-id-parameter.ts';

/** GetBucketInventory (inventory sheet, section 2.1). */
export const getBucketInventory: Operation = {
  name: 'GetBucketInventory',
  method: 'GET',
  level: 'bucket',
  subresource: 'inventory',
  with: ['inventoryId'],
  action: 'oss:GetBucketInventory',
  resource: 'bucket',
  async handle(exchange) {
    const bucket = inventoryBucketOf(exchange);
    assertNotOurs('GetBucketInventory', exchange.query);
    return xmlReply(ruleNode(await exchange.services.rules.get(bucket, ruleIdParameter(exchange))));
  },
};
