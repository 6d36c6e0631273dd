/** The `Principal` of a statement: whom a bucket policy is about, or whom a role trusts. */

import type { Principals } from './policy.ts';
import { malformedPolicy } from './policy-fault.ts';
import { readEntries, readTexts } from './policy-nodes.ts';

const ID = /^\d{1,32}$/;
/** The role and the session may have wildcards; the account may not, or everybody's roles would be meant. */
const SESSION_ARN = /^arn:sts::\d{1,32}:assumed-role\/[^/:]+\/[^/:]+$/;
const ENTITY_ARN = /^acs:ram::\d{1,32}:(?:root|(?:user|role)\/[A-Za-z0-9._-]{1,64})$/;
const SERVICE = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/;

/** Of a bucket policy: ids of accounts and users and ARNs of sessions; `*` and an empty list are everybody. */
export function readBucketPrincipals(node: unknown, path: string): Principals {
  const isEmpty = Array.isArray(node) && node.length === 0;
  const names = isEmpty ? ['*'] : readTexts(node, path);
  const wrong = names.find((name) => name !== '*' && !ID.test(name) && !SESSION_ARN.test(name));
  if (wrong !== undefined) {
    const accepted =
      'the id of an account or user, arn:sts::<account>:assumed-role/<role>/<session> or "*" is accepted';
    throw malformedPolicy(path, wrong, accepted);
  }
  return { isEveryone: names.includes('*'), names: names.filter((name) => name !== '*'), services: [] };
}

/** Of a trust policy: services under `Service`; accounts, users and roles under `RAM`. It can't trust everybody. */
export function readTrustPrincipals(node: unknown, path: string): Principals {
  const lists: { Service: readonly string[]; RAM: readonly string[] } = { Service: [], RAM: [] };
  for (const [kind, names] of readEntries(node, path)) {
    if (kind !== 'Service' && kind !== 'RAM') {
      throw malformedPolicy(`a key of ${path}`, kind, 'accepted are Service and RAM');
    }
    lists[kind] = readTexts(names, `${path}.${kind}`);
  }
  const service = lists.Service.find((name) => !SERVICE.test(name));
  if (service !== undefined) {
    throw malformedPolicy(`${path}.Service`, service, 'the name of a service is accepted, as in oss.aliyuncs.com');
  }
  const entity = lists.RAM.find((name) => !ENTITY_ARN.test(name));
  if (entity !== undefined) {
    const accepted =
      'accepted are acs:ram::<account>:root, acs:ram::<account>:user/<name> and acs:ram::<account>:role/<name>';
    throw malformedPolicy(`${path}.RAM`, entity, accepted);
  }
  return { isEveryone: false, names: lists.RAM, services: lists.Service };
}
