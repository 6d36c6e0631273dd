/** Bodies and query parameters of the admin API: bounded, and checked against a schema before anything is done. */

import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { DomainError } from '../core/errors.ts';
import { isNestedBeyond } from '../core/json-depth.ts';
import { findRepeatedKey } from '../core/json-keys.ts';
import { printable, shown } from '../core/printable.ts';
import type { Query } from '../core/request-target.ts';
import type { HttpRequest } from '../http/http-server.ts';
import { readBody } from '../http/read-body.ts';
import { schemaFault } from './schema-fault.ts';

/** A description of 1,024 characters, each of six escaped ones, takes a tenth of it. */
export const MAX_BODY_BYTES = 64 * 1024;

/** Three times as deep as an access document with its policies. */
const MAX_LEVELS = 32;

/** Things on a page, unless a request says how many. */
export const DEFAULT_PAGE = 100;

/** Of a request that says all it has to say by its path. */
export const nothingSchema = z.strictObject({});

/** A page of a list: what it begins behind, a text of so many characters at most, and how many things it may hold. */
export function pageSchema({ after, max }: { readonly after: number; readonly max: number }) {
  const isLimit = (text: string) => /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= max;
  return z.strictObject({
    after: z.string().max(after).default(''),
    limit: z
      .string()
      .refine(isLimit, { error: ({ input }) => `${shown(input)}; expected: a whole number from 1 to ${max}` })
      .transform(Number)
      .default(DEFAULT_PAGE),
  });
}

/** The JSON object of a body; no body at all is an empty object. */
export async function readJson<T>(
  request: HttpRequest,
  schema: z.ZodType<T>,
  maxBytes: number = MAX_BODY_BYTES,
): Promise<T> {
  const body = await readBody(request, maxBytes);
  if (body === undefined) {
    throw new DomainError('EntityTooLarge', `The body is longer than ${maxBytes} bytes, which is the most.`);
  }
  return check('body', body.length === 0 ? {} : await parseJson(body), schema);
}

/** Refuses parameters that nobody would read: who misspells `account` would change things of an account not meant. */
export function assertNoOther(query: Query, names: readonly string[]): void {
  const other = query.pairs.find(([name]) => !names.includes(name));
  if (other === undefined) return;
  const may = names.length === 0 ? 'there is none here' : `there are ${names.map((name) => `"${name}"`).join(', ')}`;
  throw new DomainError(
    'InvalidArgument',
    `The query is not valid. It has a parameter "${printable(other[0])}", and ${may}.`,
  );
}

/** The query parameters; of one that is repeated the first counts. */
export function readQuery<T>(query: Query, schema: z.ZodType<T>): T {
  return check('query', Object.fromEntries(query.pairs.toReversed()), schema);
}

async function parseJson(body: Buffer): Promise<unknown> {
  const [text, document] = decodeJson(body);
  // A long body takes a while at each step, and others wait.
  await setImmediate();
  const repeated = findRepeatedKey(text);
  await setImmediate();
  if (repeated === undefined) return document;
  const words = `it names "${printable(repeated)}" twice in one object, and each key may stand once.`;
  throw new DomainError('InvalidArgument', `The body is not valid: ${words}`);
}

function decodeJson(body: Buffer): [text: string, document: unknown] {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    if (!isNestedBeyond(MAX_LEVELS, text)) return [text, JSON.parse(text)];
  } catch {
    // Either decoder's own words would repeat the body.
    throw new DomainError('InvalidArgument', 'The body is not valid: it must be one JSON object in UTF-8.');
  }
  throw new DomainError('InvalidArgument', `The body is not valid: it is nested more than ${MAX_LEVELS} levels deep.`);
}

function check<T>(place: string, value: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(value, { error: schemaFault });
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.') || place}: ${message}`);
  throw new DomainError('InvalidArgument', `The ${place} is not valid. ${printable(faults.join('; '), 500)}.`);
}
