/** Our additions under a rule: its runs (docs/reference/runs.md). Answers are JSON. */

import { DomainError } from '../../../core/errors.ts';
import { jsonReply } from '../../../http/json-reply.ts';
import { integerParameter, type Operation } from '../operation.ts';
import { inventoryBucketOf } from './inventory-bucket.ts';
import { ruleIdParameter } from './rule-id-parameter.ts';

const BASE = {
  level: 'bucket',
  subresource: 'inventory',
  resource: 'bucket',
  needsV4: true,
  isOurs: true,
} as const;

export const startInventoryRun: Operation = {
  ...BASE,
  name: 'StartInventoryRun',
  method: 'POST',
  with: ['inventoryId', 'run'],
  action: 'oss:PutBucketInventory',
  async handle(exchange) {
    const bucket = inventoryBucketOf(exchange);
    const ruleId = ruleIdParameter(exchange);
    if (exchange.query.get('run') !== '') {
      throw new DomainError('InvalidArgument', 'The query parameter run takes no value when it starts a run.', {
        ArgumentName: 'run',
      });
    }
    return jsonReply(202, await exchange.services.runs.start(bucket, ruleId));
  },
};

export const listInventoryRuns: Operation = {
  ...BASE,
  name: 'ListInventoryRuns',
  method: 'GET',
  with: ['inventoryId', 'runs'],
  action: 'oss:GetBucketInventory',
  async handle(exchange) {
    const { query, services } = exchange;
    const bucket = inventoryBucketOf(exchange);
    const limit = integerParameter(query, 'max-keys', { min: 1, max: 1000, fallback: 100 });
    const before = query.get('continuation-token') || undefined;
    const page = await services.runs.list(bucket, ruleIdParameter(exchange), before, limit);
    return jsonReply(200, { runs: page.runs, nextContinuationToken: page.nextBefore ?? null });
  },
};

export const getInventoryRun: Operation = {
  ...BASE,
  name: 'GetInventoryRun',
  method: 'GET',
  with: ['inventoryId', 'run'],
  action: 'oss:GetBucketInventory',
  async handle(exchange) {
    const bucket = inventoryBucketOf(exchange);
    const runId = exchange.query.get('run') ?? '';
    return jsonReply(200, await exchange.services.runs.get(bucket, ruleIdParameter(exchange), runId));
  },
};

export const cancelInventoryRun: Operation = {
  ...BASE,
  name: 'CancelInventoryRun',
  method: 'POST',
  with: ['inventoryId', 'run', 'cancel'],
  action: 'oss:PutBucketInventory',
};
