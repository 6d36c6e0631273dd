/** The keys of a data folder that no server has, opened to look at what they open: none is made, and none destroyed. */

import { existsSync } from 'node:fs';
import { AccessTable } from '../control/access-table.ts';
import type { ControlFile } from '../control/control-file.ts';
import { KeyTable } from '../control/key-table.ts';
import { accessKeySecretName } from '../core/access-record.ts';
import { systemClock } from '../core/clock.ts';
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

export interface TriedSecrets {
  /** Access keys whose secrets the key file does not open, and why that is a fault. */
  readonly shut: readonly { readonly accessKeyId: string; readonly text: string }[];
  /** There are some, and nothing to open them with. */
  readonly areUntried: boolean;
}

/** Tries to open the secrets of access keys: a server does not start while one of them stays shut. */
export async function trySecrets(control: ControlFile, sealer: FileSecretSealer | undefined): Promise<TriedSecrets> {
  const accessKeys = control.hasTable('access_keys') ? await new AccessTable(control.db).accessKeys() : [];
  if (sealer === undefined) return { shut: [], areUntried: accessKeys.length > 0 };
  const shut = accessKeys
    .filter(({ id, sealed }) => sealer.open(accessKeySecretName(id), sealed.bytes) === undefined)
    .map(({ id, sealed }) => {
      const text = `its secret, which the key file with the id ${sealed.by} sealed, is not opened by the key file`;
      return { accessKeyId: id, text };
    });
  return { shut, areUntried: false };
}
