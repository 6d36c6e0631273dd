/** Bodies and query parameters of the admin API: bounded, and checked against a schema before anything is done. */

import type { z } from 'zod';
import { DomainError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { Query } from '../core/request-target.ts';
import type { HttpRequest } from '../http/http-server.ts';
import { readBody } from '../http/read-body.ts';

/** A description of 1,024 characters, each of six escaped ones, takes a tenth of it. */
export const MAX_BODY_BYTES = 64 * 1024;

/** The JSON object of a body; no body at all is an empty object. */
export async function readJson<T>(request: HttpRequest, schema: z.ZodType<T>): Promise<T> {
  const body = await readBody(request, MAX_BODY_BYTES);
  if (body === undefined) {
    throw new DomainError('EntityTooLarge', `The body is longer than ${MAX_BODY_BYTES} bytes, which is the most.`);
  }
  return check('body', body.length === 0 ? {} : parseJson(body), schema);
}

/** The query parameters; of one that is repeated the first counts. */
export function readQuery<T>(query: Query, schema: z.ZodType<T>): T {
  return check('query', Object.fromEntries(query.pairs.toReversed()), schema);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // Either decoder's own words would repeat the body.
    throw new DomainError('InvalidArgument', 'The body is not valid: it must be one JSON object in UTF-8.');
  }
}

function check<T>(place: string, value: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.') || place}: ${message}`);
  throw new DomainError('InvalidArgument', `The ${place} is not valid. ${printable(faults.join('; '), 500)}.`);
}
