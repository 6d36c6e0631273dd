import type { ServerRequest } from './server-client.ts';

/** A rule, as a person names it. */
export interface RuleName {
  readonly bucket: string;
  readonly rule: string;
}

/** What one of our additions under a rule is asked by; a bare query key has the value undefined. */
export function ruleRequest(
  method: ServerRequest['method'],
  { bucket, rule }: RuleName,
  keys: Readonly<Record<string, string | undefined>>,
): ServerRequest {
  return { method, bucket, query: { inventory: undefined, inventoryId: rule, ...keys } };
}
