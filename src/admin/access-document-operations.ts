/** Who may do what in an account as one document: `access/export` writes it, `access/apply` brings the account to it. */

import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { DescribedChange, WantedAccess } from '../access/account-access.ts';
import { jsonReply } from '../http/json-reply.ts';
import { MAX_DOCUMENT_BYTES, readAccessDocument } from './access-document.ts';
import type { Operation } from './operation.ts';
import { policyWarnings } from './policy-warnings.ts';
import type { Permission } from './ports.ts';
import { readJson } from './read-input.ts';

const MAX_WARNINGS = 100;

const applySchema = z.strictObject({
  document: z.unknown(),
  prune: z.boolean().default(false),
  dryRun: z.boolean().default(false),
});

const exportAccess: Operation = {
  method: 'GET',
  path: 'access/export',
  of: 'account',
  action: 'stocktake:ExportAccess',
  resource: () => 'access',
  async handle({ account, services }) {
    return jsonReply(200, services.access.accountAccess(account));
  },
};

const applyAccess: Operation = {
  method: 'POST',
  path: 'access/apply',
  of: 'account',
  action: 'stocktake:ApplyAccess',
  resource: () => 'access',
  async handle({ request, account, services, setTarget }) {
    const { document, prune, dryRun } = await readJson(request, applySchema, MAX_DOCUMENT_BYTES);
    const wanted = readAccessDocument(document, { account, prune });
    const applied = await services.access.apply(account, wanted, { prune, isDryRun: dryRun });
    setTarget(targetOf(applied.changes, dryRun));
    const warnings = await warningsOf(wanted, services.permissions);
    return jsonReply(200, { ...applied, applied: !dryRun, warnings });
  },
};

/** Of the first policies that give cause for any. */
async function warningsOf({ policies }: WantedAccess, permissions: readonly Permission[]): Promise<readonly string[]> {
  const warnings: string[] = [];
  for (const { name, document } of policies) {
    if (warnings.length >= MAX_WARNINGS) break;
    // There may be hundreds of policies, and others wait.
    await setImmediate();
    warnings.push(...policyWarnings(document, permissions).map((text) => `policy "${name}", ${text}`));
  }
  return warnings.slice(0, MAX_WARNINGS);
}

function targetOf(changes: readonly DescribedChange[], isDryRun: boolean): string {
  const words = changes.map((change) => change.words).join('; ');
  return `${changes.length} ${isDryRun ? 'tried' : 'made'}: ${words}`;
}

export const ACCESS_DOCUMENT_OPERATIONS: readonly Operation[] = [exportAccess, applyAccess];
