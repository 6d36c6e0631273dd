/** The key that commands sign with: a lasting one, or that of a session with its token. */

import type { ClientSettings } from '../config.ts';
import { SESSION_KEY_PREFIX } from '../core/access-entities.ts';
import { readRootKey, rootKeyFile } from '../data-folder/root-key.ts';
import { UsageError } from './usage-error.ts';

export interface SigningKey {
  readonly accessKeyId: string;
  readonly secret: string;
  /** Of a session. */
  readonly securityToken?: string;
}

/** The key of the settings, else the root key in the data folder of a local server. */
export function signingKeyOf(settings: ClientSettings): SigningKey {
  const { securityToken } = settings;
  const key = keyPairOf(settings);
  const isOfSession = key.accessKeyId.startsWith(SESSION_KEY_PREFIX);
  if (isOfSession && securityToken === undefined) {
    const text = 'is of a session and signs nothing without its token: set STOCKTAKE_SECURITY_TOKEN too.';
    throw new UsageError(`The access key "${key.accessKeyId}" ${text}`);
  }
  if (!isOfSession && securityToken !== undefined) {
    const text = 'is of no session, and STOCKTAKE_SECURITY_TOKEN is set: unset it, or set the key that it came with.';
    throw new UsageError(`The access key "${key.accessKeyId}" ${text}`);
  }
  return securityToken === undefined ? key : { ...key, securityToken };
}

function keyPairOf({ accessKeyId, accessKeySecret, data }: ClientSettings) {
  if (accessKeyId !== undefined && accessKeySecret !== undefined) return { accessKeyId, secret: accessKeySecret };
  const kept = readRootKey(data);
  if (kept !== undefined) return { accessKeyId: kept.accessKeyId, secret: kept.accessKeySecret };
  throw new Error(
    `No access key: set STOCKTAKE_ACCESS_KEY_ID and STOCKTAKE_ACCESS_KEY_SECRET. (A local server's root key would be in ${rootKeyFile(data)}.)`,
  );
}
