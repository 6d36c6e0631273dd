/** What a rule's owner wants of its reports that the original's document has no words for (docs/reference/runs.md). */

import { jsonReply } from '../../../http/json-reply.ts';
import { readDocumentBytes } from '../document-body.ts';
import { MAX_RULE_OPTIONS_BYTES, parseRuleOptions } from '../rule-options-document.ts';
import { ruleAddition } from './rule-addition.ts';

export const getInventoryOptions = ruleAddition({
  name: 'GetInventoryOptions',
  method: 'GET',
  keys: ['options'],
  async handle({ exchange: { services }, bucket, ruleId }) {
    return jsonReply(200, await services.ruleOptions.get(bucket, ruleId));
  },
});

/** Takes the place of all options that were set. */
export const putInventoryOptions = ruleAddition({
  name: 'PutInventoryOptions',
  method: 'PUT',
  keys: ['options'],
  async handle({ exchange: { services, request }, bucket, ruleId }) {
    const body = await readDocumentBytes(request, MAX_RULE_OPTIONS_BYTES, 'InvalidArgument');
    return jsonReply(200, await services.ruleOptions.put(bucket, ruleId, parseRuleOptions(body)));
  },
});
