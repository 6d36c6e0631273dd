/**
 * The key file: the one key that seals the master keys, the secrets of access keys and the tokens of sessions. It lies
 * outside the control database, and may lie outside the data folder, so that whoever gets hold of a copy of the data holds
 * no key to it. Lost, it is never made anew in silence: everything that is encrypted would be lost with it.
 */

import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createFileDurably, removeDrafts } from './durable-file.ts';
import { readGuardedFile } from './guarded-file.ts';

export interface KeyFile {
  /** Where it is. */
  readonly file: string;
  /** Tells one key file from another without telling the key. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

const KEY_BYTES = 32;
const MAX_FILE_BYTES = 4096;

const keyFileSchema = z.object({
  id: z.string().min(1).max(100),
  key: z.base64().transform((text) => Buffer.from(text, 'base64')),
});

/** Reads the key file. When there is none, makes one if `mayCreate`, and else refuses, in words. */
export function openKeyFile(file: string, { mayCreate }: { readonly mayCreate: boolean }): KeyFile {
  const text = readGuardedFile({ file, what: 'key file', flag: '--key-file', maxBytes: MAX_FILE_BYTES });
  removeDrafts(file);
  if (text !== undefined) return parseKeyFile(file, text);
  if (mayCreate) return createKeyFile(file);
  throw new Error(
    `The key file "${file}" is missing, and nothing that is encrypted can be read without it. Bring it back from where it was kept, or name where it is with --key-file. A new one would not open the old keys, so none is made.`,
  );
}

function createKeyFile(file: string): KeyFile {
  const [id, key] = [randomUUID(), randomBytes(KEY_BYTES)];
  try {
    createFileDurably(file, `${JSON.stringify({ id, key: key.toString('base64') }, null, 2)}\n`);
  } catch (cause) {
    throw new Error(`The key file "${file}" can't be made: ${(cause as Error).message}`, { cause });
  }
  return { file, id, key };
}

function parseKeyFile(file: string, text: string): KeyFile {
  let content: z.infer<typeof keyFileSchema> | undefined;
  try {
    content = keyFileSchema.parse(JSON.parse(text));
  } catch {
    // What was read is a secret, and what the parsers throw would show it.
  }
  if (content?.key.length === KEY_BYTES) return { file, ...content };
  throw new Error(
    `The key file "${file}" does not hold {"id": ..., "key": 32 bytes in base64}. Bring it back from where it was kept.`,
  );
}
