/** Answers of STS, in JSON or XML as the request's `Format` asks. */

import type { Parameters } from '../../core/rpc-signature.ts';
import { node, renderXml, type XmlNode } from '../../core/xml.ts';
import type { HttpRequest, HttpResponse } from '../../http/http-server.ts';
import { jsonReply } from '../../http/json-reply.ts';
import type { StsError } from './sts-error.ts';

/** Elements by name, in their order. */
export interface Fields {
  readonly [name: string]: string | Fields;
}

/** No name of a host is longer, but a Host header may be. */
const MAX_HOST_CHARACTERS = 255;

export function stsReply(action: string, fields: Fields, { id }: HttpRequest, parameters: Parameters): HttpResponse {
  return render(200, { root: `${action}Response`, fields: { RequestId: id, ...fields } }, parameters);
}

export function stsErrorReply(error: StsError, { id, headers }: HttpRequest, parameters: Parameters): HttpResponse {
  const fields = {
    RequestId: id,
    HostId: (headers.host ?? '').slice(0, MAX_HOST_CHARACTERS),
    Code: error.code,
    Message: error.message + error.shownToClient,
  };
  return render(error.status, { root: 'Error', fields }, parameters);
}

function render(
  status: number,
  { root, fields }: { readonly root: string; readonly fields: Fields },
  parameters: Parameters,
): HttpResponse {
  const isJson = parameters.get('Format')?.toUpperCase() === 'JSON';
  const reply = isJson
    ? jsonReply(status, fields)
    : { status, headers: { 'Content-Type': 'application/xml' }, body: renderXml(elements(root, fields)) };
  return { ...reply, headers: { ...reply.headers, 'Cache-Control': 'no-store' } };
}

function elements(name: string, content: Fields[string]): XmlNode {
  if (typeof content === 'string') return node(name, content);
  return node(
    name,
    Object.entries(content).map(([below, value]) => elements(below, value)),
  );
}
