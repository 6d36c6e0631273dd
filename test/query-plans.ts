/** How SQLite answers what code asks of it: by an index, or by reading all there is. */

import { CompiledQuery, type Kysely } from 'kysely';
import type { Schema } from '../src/control/schema.ts';

/** The steps of all selects and deletes that `work` sends, as SQLite explains them. */
export async function queryPlans(
  db: Kysely<Schema>,
  work: (watched: Kysely<Schema>) => Promise<unknown>,
): Promise<string[]> {
  const queries: CompiledQuery[] = [];
  const watched = db.withPlugin({
    transformQuery({ node, queryId }) {
      if (/^(Select|Delete)/.test(node.kind)) queries.push(db.getExecutor().compileQuery(node, queryId));
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  await work(watched);
  const steps: string[] = [];
  for (const { sql, parameters } of queries) {
    const query = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]);
    const { rows } = await db.executeQuery<{ readonly detail: string }>(query);
    steps.push(...rows.map(({ detail }) => detail));
  }
  return steps;
}
