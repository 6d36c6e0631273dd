/** `rule enable`, `rule disable` and `rule status`. */

import type { RuleStatus } from '../core/rule-status.ts';
import { formatMinute, printFacts, printJson, say } from './output.ts';
import { keptText } from './rule-options.ts';
import { ruleRequest } from './rule-request.ts';
import { manifestUrl, summaryOf } from './run-text.ts';
import { type ServerFlags, withClient } from './server-client.ts';

interface Flags extends ServerFlags {
  readonly json: boolean;
}

export async function showStatus(bucket: string, rule: string, flags: Flags): Promise<void> {
  const request = ruleRequest('GET', { bucket, rule }, { status: undefined });
  const status = await withClient(flags, (client) => client.sendForJson<RuleStatus>(request));
  if (flags.json) return printJson(status);
  say(standing(status));
  const { lastRun, lastReport, options, retentionFault } = status;
  printFacts([
    ['last run', lastRun === null ? 'none yet' : summaryOf(lastRun)],
    ['last report', lastReport === null ? 'none' : manifestUrl(lastReport)],
    ['as of', lastReport?.pointInTime == null ? null : formatMinute(lastReport.pointInTime)],
    ['kept', keptText(options)],
    ['not removed', retentionFault],
    ['latest.json', options.latest ? 'kept' : 'not kept'],
  ]);
}

/** The action of `rule enable` or `rule disable`. */
export function switchTo(key: 'enable' | 'disable') {
  return async (bucket: string, rule: string, flags: Flags): Promise<void> => {
    const request = ruleRequest('POST', { bucket, rule }, { [key]: undefined });
    const status = await withClient(flags, (client) => client.sendForJson<RuleStatus>(request));
    if (flags.json) printJson(status);
    else say(standing(status));
  };
}

function standing({ bucket, rule, isEnabled, frequency, nextDueAt }: RuleStatus): string {
  const name = `Rule "${rule}" of bucket "${bucket}"`;
  if (!isEnabled) return `${name} is disabled: it has no due times.`;
  if (frequency === 'Once') return `${name} is enabled, and runs once.`;
  return `${name} is enabled, runs ${frequency}, and is due next at ${nextDueAt === null ? 'no time' : formatMinute(nextDueAt)}.`;
}
