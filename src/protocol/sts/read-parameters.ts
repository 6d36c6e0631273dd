/** Which requests are for STS, and the parameters they bring. */

import { printable } from '../../core/printable.ts';
import { parseQuery, splitTarget } from '../../core/request-target.ts';
import type { Parameters } from '../../core/rpc-signature.ts';
import { headerValue } from '../../core/signed-request.ts';
import type { HttpRequest } from '../../http/http-server.ts';
import { readBody } from '../../http/read-body.ts';
import { type AddressContext, isVirtualHosted } from '../oss/address.ts';
import { StsError } from './sts-error.ts';

/** A form of them all, with the longest token and policy, is not half as long. */
const MAX_FORM_BYTES = 32 * 1024;

/** `/` itself, with or without a query. */
const ROOT_TARGET = /^(?:https?:\/\/[^/?#]*)?\/?(?:\?(?<query>.*))?$/is;

/** OSS has a use for `/` too, but none for an action or a form. */
export function isStsRequest({ method, target, headers }: HttpRequest, context: AddressContext): boolean {
  const parts = ROOT_TARGET.exec(target);
  if (parts === null || (method !== 'GET' && method !== 'POST')) return false;
  if (isVirtualHosted(headers.host ?? '', context)) return false;
  const isNamed = /(?:^|&)Action=/.test(parts.groups?.query ?? '') || headers['x-acs-action'] !== undefined;
  return isNamed || (method === 'POST' && isForm(headers));
}

/** Of the query and, in a POST, of its form. One that comes twice is refused: which of them is meant, nobody signed. */
export async function readParameters(request: HttpRequest): Promise<Parameters> {
  const { rawQuery } = splitTarget(request.target);
  const rawForm = request.method === 'POST' ? await readForm(request) : '';
  const parameters = new Map<string, string>();
  for (const [name, value] of [...parseQuery(rawQuery).pairs, ...parseQuery(rawForm).pairs]) {
    if (parameters.has(name)) {
      throw new StsError(400, 'InvalidParameter', `The parameter ${printable(name)} comes twice: send it once.`);
    }
    parameters.set(name, value);
  }
  return parameters;
}

async function readForm(request: HttpRequest): Promise<string> {
  const body = await readBody(request, MAX_FORM_BYTES);
  if (body === undefined) {
    throw new StsError(413, 'RequestEntityTooLarge', `The body is longer than ${MAX_FORM_BYTES} bytes.`);
  }
  if (body.length === 0 || isForm(request.headers)) return body.toString('latin1');
  const message = 'The ContentType request header must be "application/x-www-form-urlencoded".';
  throw new StsError(400, 'InvalidParameter.ContentType', message);
}

function isForm(headers: HttpRequest['headers']): boolean {
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(headerValue(headers, 'content-type') ?? '');
}
