/** `rule options`: what stays of a rule's reports. */

import { MAX_KEPT, type RuleOptions } from '../core/rule-options.ts';
import { formatCounted, printJson, say } from './output.ts';
import { type RuleName, ruleRequest } from './rule-request.ts';
import { type ServerClient, type ServerFlags, withClient } from './server-client.ts';
import { UsageError, wholeNumber } from './usage-error.ts';

interface OptionsFlags extends ServerFlags {
  readonly json: boolean;
  readonly keepReports?: string;
  readonly keepDays?: string;
  readonly keepAll?: true;
  readonly latest?: 'on' | 'off';
}

/** Shows the options, or changes those that the flags name and leaves the others as they are. */
export async function changeOptions(bucket: string, rule: string, flags: OptionsFlags): Promise<void> {
  const change = changeOf(flags);
  const options = await withClient(flags, async (client) => {
    const name = { bucket, rule };
    const request = ruleRequest('GET', name, { options: undefined });
    const now = await client.sendForJson<RuleOptions>(request);
    return change === undefined ? now : await put(client, name, change(now));
  });
  if (flags.json) return printJson(options);
  const latest = options.latest ? 'keeps' : 'does not keep';
  say(`Rule "${rule}" of bucket "${bucket}" keeps ${keptText(options)}, and ${latest} latest.json beside them.`);
}

async function put(client: ServerClient, name: RuleName, options: RuleOptions): Promise<RuleOptions> {
  const headers = { 'content-type': 'application/json' };
  const request = { ...ruleRequest('PUT', name, { options: undefined }), headers, body: JSON.stringify(options) };
  return await client.sendForJson<RuleOptions>(request);
}

/** Undefined when the flags name nothing to be changed. */
function changeOf(flags: OptionsFlags): ((now: RuleOptions) => RuleOptions) | undefined {
  const { keepAll = false, latest } = flags;
  const kept = {
    ...(flags.keepReports !== undefined && { keepReports: numberOf(flags.keepReports, '--keep-reports') }),
    ...(flags.keepDays !== undefined && { keepDays: numberOf(flags.keepDays, '--keep-days') }),
  };
  const keepsSome = Object.keys(kept).length > 0;
  if (keepAll && keepsSome) throw new UsageError('--keep-all goes with neither --keep-reports nor --keep-days.');
  if (!keepAll && !keepsSome && latest === undefined) return undefined;
  return ({ retention, latest: latestNow }) => ({
    ...(!keepAll && { retention: { ...retention, ...kept } }),
    latest: latest === undefined ? latestNow : latest === 'on',
  });
}

function numberOf(text: string, option: string): number {
  return wholeNumber(text, option, { min: 1, max: MAX_KEPT });
}

/** Which reports stay, as in `the newest 7 reports` after "keeps". */
export function keptText({ retention: { keepReports, keepDays } = {} }: RuleOptions): string {
  const newest = keepReports === undefined ? [] : [`the newest ${formatCounted(keepReports, 'report')}`];
  const young = keepDays === undefined ? [] : [`those of the last ${formatCounted(keepDays, 'day')}`];
  const kept = [...newest, ...young];
  return kept.length === 0 ? 'all reports' : kept.join(', of these only ');
}
