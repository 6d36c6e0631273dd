/**
 * Resources as policies name them: `acs:<service>:<region>:<account>:<the rest>`, with wildcards in each field. Fields
 * are compared one by one, so that no `*` reaches over a colon into the next: the key of an object may hold colons too,
 * and `acs:oss:*:*:photos/*` must not be about `acs:oss:cn-hangzhou:1000:other/x:photos/y`.
 */

import { MAX_BUCKET_NAME } from './bucket.ts';
import { MAX_KEY_BYTES } from './object-key.ts';
import { matchesWildcard, searchedCharacters } from './wildcard.ts';

/** A resource or pattern taken apart: service, region, account, the rest. */
export type ResourceFields = readonly [service: string, region: string, account: string, rest: string];

const PREFIX = 'acs:';

/** The fields; undefined when the text has another form. */
export function resourceFields(text: string): ResourceFields | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const service = text.indexOf(':', PREFIX.length);
  const region = text.indexOf(':', service + 1);
  const account = text.indexOf(':', region + 1);
  if (service < 0 || region < 0 || account < 0) return undefined;
  return [
    text.slice(PREFIX.length, service),
    text.slice(service + 1, region),
    text.slice(region + 1, account),
    text.slice(account + 1),
  ];
}

/** Whether the pattern is about the resource; `*` alone is about all of them. */
export function matchesResource(pattern: string, resource: ResourceFields): boolean {
  if (pattern === '*') return true;
  return resourceFields(pattern)?.every((field, index) => matchesField(field, resource[index] ?? '')) ?? false;
}

/** `searchedCharacters` of a pattern of resources, whose fields are matched each by itself. */
export function searchedResourceCharacters(pattern: string): number {
  return (resourceFields(pattern) ?? []).reduce((sum, field) => sum + searchedCharacters(field), 0);
}

/** A key and its bucket. What is longer exists nowhere, and is not worth the time that a pattern may take. */
const MAX_FIELD_CHARACTERS = MAX_BUCKET_NAME + 1 + MAX_KEY_BYTES;

function matchesField(pattern: string, field: string): boolean {
  return pattern === '*' || (field.length <= MAX_FIELD_CHARACTERS && matchesWildcard(pattern, field));
}
