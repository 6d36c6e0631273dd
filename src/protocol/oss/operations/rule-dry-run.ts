/** What a PUT of a rule would come to: told in JSON, and nothing is stored or started. */

import { hasCode } from '../../../core/errors.ts';
import { printable } from '../../../core/printable.ts';
import { reportPlace, reportRoot } from '../../../core/report.ts';
import type { HttpResponse } from '../../../http/http-server.ts';
import { jsonReply } from '../../../http/json-reply.ts';
import { ERROR_TABLE } from '../error-table.ts';
import type { Services } from '../ports.ts';
import { type RuleFinding, type RulePut, ruleFindings } from './rule-findings.ts';

/** A dry run as it is answered; `findings` are what a PUT would be refused with, the first of them first. */
export interface RuleDryRun {
  readonly bucket: string;
  readonly rule: string;
  readonly isAccepted: boolean;
  readonly wouldReplace: boolean;
  readonly findings: readonly DryRunFinding[];
  /** What would happen if it is put and accepted, in sentences. */
  readonly effects: readonly string[];
}

export interface DryRunFinding {
  /** Code, number and message are those of the refusal, which may tell several such messages in one. */
  readonly code: string;
  readonly ec?: string;
  readonly message: string;
  /** A policy document that grants what is missing. */
  readonly grant?: object;
}

export async function dryRunReply(services: Services, put: RulePut): Promise<HttpResponse> {
  const { source, rule } = put;
  const findings: DryRunFinding[] = [];
  for await (const finding of ruleFindings(services, put)) findings.push(shown(finding));
  const wouldReplace = put.replace && (await hasRule(services, put));
  const answer: RuleDryRun = {
    bucket: source.name,
    rule: rule.id,
    isAccepted: findings.length === 0,
    wouldReplace,
    findings,
    effects: [
      wouldReplace ? 'The rule of the same id would be replaced.' : 'The rule would be stored.',
      destinationEffect(put),
      await runEffect(services, put, wouldReplace),
      sizeEffect(services, put),
    ],
  };
  return jsonReply(200, answer);
}

function shown({ error, message = error.message, grant }: RuleFinding): DryRunFinding {
  const { code, ec } = ERROR_TABLE[error.code];
  return { code, ...(ec !== undefined && { ec }), message, ...(grant !== undefined && { grant }) };
}

async function hasRule({ rules }: Services, { source, rule }: RulePut): Promise<boolean> {
  try {
    await rules.get(source, rule.id);
    return true;
  } catch (error) {
    if (hasCode(error, 'NoSuchRule')) return false;
    throw error;
  }
}

/** The longest prefix, bucket name and rule id. */
const MAX_ROOT_CHARACTERS = 1300;

function destinationEffect({ source, rule }: RulePut): string {
  const { bucket } = rule.destination;
  const place = reportPlace(source.name, rule);
  const root = printable(reportRoot(place), MAX_ROOT_CHARACTERS);
  return `Each report would go to the bucket "${bucket}", its manifest below "${root}/YYYY-MM-DDTHH-MMZ/" and its data below "${root}/data/".`;
}

async function runEffect({ runs }: Services, { source, rule }: RulePut, wouldReplace: boolean): Promise<string> {
  if (!rule.isEnabled) return 'No run would start, since the rule is disabled.';
  const past = wouldReplace ? (await runs.list(source, rule.id, undefined, 1)).runs : [];
  return past.length === 0 ? 'Its first run would start at once.' : 'No run would start by that: it has had its first.';
}

function sizeEffect({ store }: Services, { source, rule }: RulePut): string {
  const { objects, deleteMarkers } = store.totals(source);
  // Older versions count too, even where they aren't asked for: nothing counts them apart.
  const rows = rule.includedObjectVersions === 'All' ? objects + deleteMarkers : objects;
  return `By what the bucket holds now, a report would have this many rows at most: ${rows}.`;
}
