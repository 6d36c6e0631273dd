/** The runs of a rule (docs/reference/runs.md). Answers are JSON. */

import { identityName } from '../../../access/identity-name.ts';
import type { Query } from '../../../core/request-target.ts';
import { jsonReply } from '../../../http/json-reply.ts';
import { integerParameter } from '../operation.ts';
import { badParameter } from './list-parameters.ts';
import { ruleAddition } from './rule-addition.ts';

export const startInventoryRun = ruleAddition({
  name: 'StartInventoryRun',
  method: 'POST',
  keys: ['run'],
  async handle({ exchange: { services }, bucket, ruleId }) {
    return jsonReply(202, await services.runs.start(bucket, ruleId));
  },
});

export const listInventoryRuns = ruleAddition({
  name: 'ListInventoryRuns',
  method: 'GET',
  keys: ['runs'],
  options: ['max-keys', 'continuation-token'],
  async handle({ exchange: { query, services }, bucket, ruleId }) {
    const limit = integerParameter(query, 'max-keys', { min: 1, max: 1000, fallback: 100 });
    const { runs, nextBefore } = await services.runs.list(bucket, ruleId, readToken(query), limit);
    return jsonReply(200, { runs, nextContinuationToken: nextBefore === undefined ? null : String(nextBefore) });
  },
});

/** Where the page before ended. */
function readToken(query: Query): number | undefined {
  const token = query.get('continuation-token') ?? '';
  if (token === '') return undefined;
  if (/^\d{1,15}$/.test(token)) return Number(token);
  throw badParameter('continuation-token', token, 'it is none that this server gave');
}

export const getInventoryRun = ruleAddition({
  name: 'GetInventoryRun',
  method: 'GET',
  valued: ['run'],
  async handle({ exchange: { query, services }, bucket, ruleId }) {
    return jsonReply(200, await services.runs.get(bucket, ruleId, query.get('run') ?? ''));
  },
});

export const cancelInventoryRun = ruleAddition({
  name: 'CancelInventoryRun',
  method: 'POST',
  valued: ['run'],
  keys: ['cancel'],
  async handle({ exchange: { query, services, identity }, bucket, ruleId }) {
    const by = identityName(identity);
    return jsonReply(200, await services.runs.cancel(bucket, ruleId, query.get('run') ?? '', by));
  },
});
