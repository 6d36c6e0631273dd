/**
 * The root access key: the account's own, which may do everything. Generated at the first start and kept in the data
 * folder, readable by the owner of the process alone, unless the configuration brings one.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { createFileDurably } from './durable-file.ts';

export interface RootKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

const rootKeySchema = z.object({ accessKeyId: z.string().min(1), accessKeySecret: z.string().min(1) });

/** Where the data folder keeps the key. */
export const rootKeyFile = (folder: string): string => path.join(folder, 'root-access-key.json');

/** The key that is kept in the folder; undefined when there is none. */
export function readRootKey(folder: string): RootKey | undefined {
  let text: string;
  try {
    text = readFileSync(rootKeyFile(folder), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return rootKeySchema.parse(JSON.parse(text));
  } catch (cause) {
    // Never a new key in its place: clients hold the old one. What was read is a secret and stays out of the message.
    throw new Error(
      `"${rootKeyFile(folder)}" does not hold {"accessKeyId": ..., "accessKeySecret": ...}. Bring the file back, or remove it: then a new key is made.`,
      cause instanceof SyntaxError ? {} : { cause },
    );
  }
}

/** Where the key is kept, and the one that is taken instead if there is one. */
export interface RootKeyPlace {
  readonly data: string;
  readonly accessKeyId?: string | undefined;
  readonly accessKeySecret?: string | undefined;
}

export interface OpenedRootKey {
  readonly rootKey: RootKey;
  /** It was made just now. */
  readonly isFirstStart: boolean;
}

/** The key that the settings bring, else the one that the folder keeps, else a new one. */
export function openRootKey({ data, accessKeyId, accessKeySecret }: RootKeyPlace): OpenedRootKey {
  if (accessKeyId !== undefined && accessKeySecret !== undefined) {
    return { rootKey: { accessKeyId, accessKeySecret }, isFirstStart: false };
  }
  const kept = readRootKey(data);
  return kept === undefined
    ? { rootKey: createRootKey(data), isFirstStart: true }
    : { rootKey: kept, isFirstStart: false };
}

/** Makes a key and keeps it. */
export function createRootKey(folder: string): RootKey {
  const key = {
    accessKeyId: `LTAI${randomBytes(10).toString('hex').toUpperCase()}`,
    accessKeySecret: randomBytes(24).toString('base64url'),
  };
  createFileDurably(rootKeyFile(folder), `${JSON.stringify(key, null, 2)}\n`);
  return key;
}
