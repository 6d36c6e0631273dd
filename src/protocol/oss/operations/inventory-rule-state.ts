/** Whether a rule is enabled, and how it fares (docs/reference/runs.md). */

import { jsonReply } from '../../../http/json-reply.ts';
import type { Operation } from '../operation.ts';
import { ruleAddition } from './rule-addition.ts';

export const getInventoryStatus = ruleAddition({
  name: 'GetInventoryStatus',
  method: 'GET',
  keys: ['status'],
  async handle({ exchange: { services }, bucket, ruleId }) {
    return jsonReply(200, await services.rules.status(bucket, ruleId));
  },
});

/** A rule that is disabled has no due times, and its open run is cancelled unless it is publishing. */
export const disableInventory = switchTo('DisableInventory', 'disable', false);

/** Due times that passed while it was disabled are not made up for. */
export const enableInventory = switchTo('EnableInventory', 'enable', true);

function switchTo(name: string, key: string, isEnabled: boolean): Operation {
  return ruleAddition({
    name,
    method: 'POST',
    keys: [key],
    async handle({ exchange: { services }, bucket, ruleId }) {
      await services.rules.setEnabled(bucket, ruleId, isEnabled);
      return jsonReply(200, await services.rules.status(bucket, ruleId));
    },
  });
}
