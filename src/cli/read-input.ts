/** Files that commands are given: read whole, refused in words. */

import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { findRepeatedKey } from '../core/json-keys.ts';
import { collect } from './server-client.ts';

/** A file's bytes; "-" is standard input. `what` is told when it can't be read, as in `the rule`. */
export async function readInput(file: string, what: string): Promise<Buffer> {
  if (file === '-') return await collect(process.stdin);
  try {
    return await readFile(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new Error(`There is no file "${file}" to read ${what} from.`, { cause: error });
    if (code === 'EISDIR') throw new Error(`"${file}" is a folder where a file is expected.`, { cause: error });
    throw new Error(`The file "${file}" can't be read: ${message}`, { cause: error });
  }
}

/** What a file in JSON or YAML says; what names a thing twice is refused, because nobody could tell what is meant. */
export async function readDocument(file: string, what: string): Promise<unknown> {
  const text = (await readInput(file, what)).toString().replace(/^\uFEFF/, '');
  try {
    return text.trimStart().startsWith('{') ? parseJson(text) : parseYaml(text);
  } catch (error) {
    const [why] = (error as Error).message.split('\n');
    throw new Error(`The file "${file}" is neither JSON nor plain YAML: ${why?.replace(/:$/, '')}`, { cause: error });
  }
}

/** Takes no tag that isn't YAML's own: the library would pass over it, and warn past our output. */
function parseYaml(text: string): unknown {
  const document = parseDocument(text, { logLevel: 'error' });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) throw fault;
  return document.toJS() as unknown;
}

function parseJson(text: string): unknown {
  const document: unknown = JSON.parse(text);
  const repeated = findRepeatedKey(text);
  if (repeated !== undefined) throw new Error(`the key "${repeated}" stands twice in an object`);
  return document;
}
