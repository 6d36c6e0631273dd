/** `rule put`: a rule from a file, or what storing it would come to. */

import { childText, parseXml, renderXml } from '../core/xml.ts';
import { printJson, say } from './output.ts';
import { readInput } from './read-input.ts';
import { fromJson, RULE_LIMITS } from './rule-json.ts';
import { ServerError, type ServerFlags, type ServerRequest, withClient } from './server-client.ts';

interface PutFlags extends ServerFlags {
  readonly json: boolean;
  readonly replace: boolean;
  readonly dryRun: boolean;
}

export async function put(bucket: string, file: string, flags: PutFlags): Promise<void> {
  const source = await readInput(file, 'the rule');
  const isXml = source.toString('utf8', 0, 200).trimStart().startsWith('<');
  const body = isXml ? source : Buffer.from(renderXml(fromJson(source.toString())));
  const id = ruleIdOf(body);
  const headers = {
    'content-type': 'application/xml',
    ...(flags.replace && { 'x-oss-stocktake-replace': 'true' }),
    ...(flags.dryRun && { 'x-oss-stocktake-dry-run': 'true' }),
  };
  const request = { method: 'PUT', bucket, query: { inventory: undefined, inventoryId: id }, headers, body } as const;
  if (flags.dryRun) return await tell(request, flags);
  try {
    await withClient(flags, (client) => client.sendForNothing(request));
  } catch (error) {
    if (!(error instanceof ServerError && error.code === 'InventoryAlreadyExist')) throw error;
    const advice = `Replace it with: stocktake rule put ${bucket} ${file} --replace`;
    throw new Error(`${error.message} It is the rule "${id}" of the bucket "${bucket}". ${advice}`, { cause: error });
  }
  if (flags.json) printJson({ bucket, rule: id });
  else say(`Rule "${id}" of bucket "${bucket}" is stored. See its runs with: stocktake run list ${bucket} ${id}`);
}

/** A dry run, as the server answers it. */
interface DryRun {
  readonly bucket: string;
  readonly rule: string;
  readonly isAccepted: boolean;
  readonly findings: readonly { readonly code: string; readonly message: string }[];
  readonly effects: readonly string[];
}

async function tell(request: ServerRequest, { json, ...flags }: PutFlags): Promise<void> {
  const answer = await withClient(flags, (client) => client.sendForJson<DryRun>(request));
  const { bucket, rule, isAccepted, findings, effects } = answer;
  if (!isAccepted) process.exitCode = 1;
  if (json) return printJson(answer);
  const verdict = isAccepted ? 'would be accepted' : 'would be refused';
  say(`Rule "${rule}" of bucket "${bucket}" ${verdict}; nothing was stored.`);
  for (const { code, message } of findings) say(`WRONG  ${code}: ${message}`);
  if (!isAccepted) say('Were that mended:');
  for (const effect of effects) say(`  ${effect}`);
}

/** The id goes into the request's address too. What can't be read here the server refuses, in better words. */
function ruleIdOf(body: Buffer): string {
  try {
    return childText(parseXml(body, RULE_LIMITS), 'Id') ?? '';
  } catch {
    return '';
  }
}
