/** One transaction that promises something, or moves something to its next state: it happens whole or not at all. */

import type { Kysely, Transaction } from 'kysely';
import { reach, type SqlStep } from '../core/failpoint.ts';
import type { Schema } from './schema.ts';

/** Resolves with what `work` returned, once what it wrote is on disk. */
export async function changeState<T>(
  db: Kysely<Schema>,
  step: SqlStep,
  work: (trx: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  const result = await db.transaction().execute(async (trx) => {
    const value = await work(trx);
    reach(`sql.${step}.commit`);
    return value;
  });
  reach(`sql.${step}.committed`);
  return result;
}
