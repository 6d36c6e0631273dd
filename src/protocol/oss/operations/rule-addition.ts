/** What our additions under a rule have in common: how they are addressed, and what they refuse. */

import type { Bucket } from '../../../core/bucket.ts';
import { DomainError } from '../../../core/errors.ts';
import { V1_URL_KEYS } from '../../../core/oss-signature-v1.ts';
import { printable } from '../../../core/printable.ts';
import type { Query } from '../../../core/request-target.ts';
import type { HttpResponse } from '../../../http/http-server.ts';
import type { Exchange, Operation } from '../operation.ts';
import { inventoryBucketOf } from './inventory-bucket.ts';
import { ruleIdParameter } from './rule-id-parameter.ts';

/** A request that is about one rule. */
export interface RuleExchange {
  readonly exchange: Exchange;
  readonly bucket: Bucket;
  readonly ruleId: string;
}

export interface RuleAddition extends Pick<Operation, 'name' | 'method'> {
  /** The query keys that select it by a value, besides those of the rule. */
  readonly valued?: readonly string[];
  /** Those that select it by being there, and have no value. */
  readonly keys?: readonly string[];
  /** Those that it may be given. */
  readonly options?: readonly string[];
  readonly handle: (request: RuleExchange) => Promise<HttpResponse>;
}

/**
 * One of our operations under a rule. Those that only look need the permission to get the rule, others that to put it.
 * V1 would leave the query keys unsigned that say what is to be done.
 */
export function ruleAddition({ name, method, valued = [], keys = [], options = [], handle }: RuleAddition): Operation {
  const own = ['inventory', 'inventoryId', ...valued, ...keys, ...options];
  return {
    name,
    method,
    level: 'bucket',
    subresource: 'inventory',
    with: ['inventoryId', ...valued, ...keys],
    action: method === 'GET' ? 'oss:GetBucketInventory' : 'oss:PutBucketInventory',
    resource: 'bucket',
    needsV4: true,
    isOurs: true,
    async handle(exchange) {
      const bucket = inventoryBucketOf(exchange);
      const ruleId = ruleIdParameter(exchange);
      const foreign = foreignKey(exchange.query, own);
      if (foreign !== undefined) {
        const accepted = own.map((key) => `"${key}"`).join(', ');
        throw new DomainError(
          'InvalidArgument',
          `${name} takes the query parameters ${accepted}; "${printable(foreign)}" is not accepted.`,
          { ArgumentName: printable(foreign) },
        );
      }
      assertBare(name, exchange.query, keys);
      return await handle({ exchange, bucket, ruleId });
    },
  };
}

/** Who asks for `enable=false` does not want it done. */
function assertBare(name: string, query: Query, keys: readonly string[]): void {
  const key = keys.find((each) => query.get(each) !== '');
  if (key === undefined) return;
  throw new DomainError(
    'InvalidArgument',
    `${name} takes the query parameter "${key}" without a value; it is "${printable(query.get(key) ?? '')}".`,
    { ArgumentName: key },
  );
}

/** What selects our additions: on an operation of the original's such a key is a slip, or meant another method. */
const OUR_KEYS = ['run', 'runs', 'cancel', 'watch', 'enable', 'disable', 'status', 'options'];

/** Refuses a request for one of the original's operations that says it is for one of ours. */
export function assertNotOurs(name: string, query: Query): void {
  const key = OUR_KEYS.find((each) => query.has(each));
  if (key === undefined) return;
  throw new DomainError(
    'InvalidArgument',
    `${name} does not take the query parameter "${key}". With inventoryId it belongs to an operation of another method: see docs/reference/runs.md.`,
    { ArgumentName: key },
  );
}

/** The first query key that is neither one of these nor part of a signature: a slip must not do what was not meant. */
export function foreignKey(query: Query, own: readonly string[]): string | undefined {
  const known: readonly string[] = [...own, ...V1_URL_KEYS];
  return query.pairs.find(([name]) => !known.includes(name) && !name.startsWith('x-oss-'))?.[0];
}
