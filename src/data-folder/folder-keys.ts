/** The keys of a data folder that no server has, opened to look at what they open: none is made, and none destroyed. */

import { existsSync } from 'node:fs';
import { AccessTable } from '../control/access-table.ts';
import type { ControlFile } from '../control/control-file.ts';
import { KeyTable } from '../control/key-table.ts';
import { WebhookTable } from '../control/webhook-table.ts';
import { accessKeySecretName } from '../core/access-record.ts';
import { systemClock } from '../core/clock.ts';
import { webhookSecretName } from '../core/webhook.ts';
import type { KeyRecords } from '../keys/key-records.ts';
import { KeyService } from '../keys/key-service.ts';
import { FileSecretSealer } from '../keys/secret-sealer.ts';
import { openKeyFile } from './key-file.ts';

export interface FolderKeyOptions {
  /** Opens what is encrypted. */
  readonly keyFile: string;
  /** Refuse when the key file can't be read, instead of going without. */
  readonly needsKeyFile: boolean;
}

/** Nothing in it when there are no keys. */
export interface FolderKeys {
  readonly keys?: KeyService;
  readonly sealer?: FileSecretSealer;
  /** Why they stay shut, and what to do about it. */
  readonly whyShut?: string;
}

export async function openFolderKeys(
  control: ControlFile,
  { keyFile, needsKeyFile }: FolderKeyOptions,
): Promise<FolderKeys> {
  const table = new KeyTable(control.db);
  if (await table.isEmpty()) return {};
  const records: KeyRecords = {
    find: (id) => table.find(id),
    findDefault: () => table.findDefault(),
    list: (after, limit) => table.list(after, limit),
    insert: async () => false,
    change: async () => false,
    destroyDue: async () => [],
  };
  try {
    const sealedBy = openKeyFile(keyFile, { mayCreate: false });
    const keys = await KeyService.open({ records, sealedBy, clock: systemClock, isOn: true });
    return { keys, sealer: new FileSecretSealer(sealedBy) };
  } catch (error) {
    if (needsKeyFile) throw error;
    if (existsSync(keyFile)) return { whyShut: (error as Error).message };
    return { whyShut: `There is no key file "${keyFile}"; name it with --key-file to have them checked.` };
  }
}

export type ShutSecret = { readonly text: string } & (
  | { readonly accessKeyId: string }
  | { readonly webhookId: string }
);

export interface TriedSecrets {
  /** What has a secret that the key file does not open, and why that is a fault. */
  readonly shut: readonly ShutSecret[];
  /** There are some, and nothing to open them with. */
  readonly areUntried: boolean;
}

/**
 * Tries to open the secrets of access keys and webhooks. A server does not start while one of an access key stays shut;
 * a webhook whose secret does is sent nothing.
 */
export async function trySecrets(control: ControlFile, sealer: FileSecretSealer | undefined): Promise<TriedSecrets> {
  const accessKeys = control.hasTable('access_keys') ? await new AccessTable(control.db).accessKeys() : [];
  const webhooks = control.hasTable('webhooks') ? await new WebhookTable(control.db).all() : [];
  if (sealer === undefined) return { shut: [], areUntried: accessKeys.length + webhooks.length > 0 };
  const shutKeys = accessKeys
    .filter(({ id, sealed }) => sealer.open(accessKeySecretName(id), sealed.bytes) === undefined)
    .map(({ id, sealed }) => ({ accessKeyId: id, text: shutText(sealed) }));
  const shutWebhooks = webhooks.flatMap(({ id, secret, previous }) => {
    const secrets = previous === null ? [secret] : [secret, previous.secret];
    const shut = secrets.find(({ bytes }) => sealer.open(webhookSecretName(id), bytes) === undefined);
    return shut === undefined ? [] : [{ webhookId: id, text: shutText(shut) }];
  });
  return { shut: [...shutKeys, ...shutWebhooks], areUntried: false };
}

function shutText({ by }: { readonly by: string }): string {
  return `its secret, which the key file with the id ${by} sealed, is not opened by the key file`;
}
