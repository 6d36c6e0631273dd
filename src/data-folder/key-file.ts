/**
 * The key file: the one key that seals the master keys. It lies outside the control database, and may lie outside the
 * data folder, so that whoever gets hold of a copy of the data holds no key to it. Lost, it is never made anew in
 * silence: everything that is encrypted would be lost with it.
 */

import { randomBytes, randomUUID } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';
import { createFileDurably, removeDrafts } from './durable-file.ts';

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
  const text = readGuarded(file);
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

/** The text of the file, once it is clear that nobody else can read it; undefined when there is none. */
function readGuarded(file: string): string | undefined {
  let fd: number;
  try {
    // A pipe without a writer must not hold up the start.
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new Error(`The key file "${file}" can't be read: ${(cause as Error).message}`, { cause });
  }
  try {
    const status = fstatSync(fd);
    if (!status.isFile()) throw new Error(`The key file "${file}" is no regular file. Name another with --key-file.`);
    if ((status.mode & 0o077) !== 0) {
      const mode = (status.mode & 0o777).toString(8).padStart(4, '0');
      throw new Error(
        `The key file "${file}" has mode ${mode}, so that others than its owner have access. Run: chmod 600 "${file}"`,
      );
    }
    const bytes = Buffer.alloc(MAX_FILE_BYTES);
    return bytes.toString('utf8', 0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}
