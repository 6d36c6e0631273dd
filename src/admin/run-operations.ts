/** Runs of all rules of an account's buckets: `runs`. What is done about one of them is done where its rule is, on the wire. */

import { z } from 'zod';
import { shown } from '../core/printable.ts';
import { RUN_STATES } from '../core/run.ts';
import { MAX_RUNS_PAGE } from '../core/run-list.ts';
import { jsonReply } from '../http/json-reply.ts';
import type { Operation } from './operation.ts';
import { pageSchema, readQuery } from './read-input.ts';

const isPlace = (text: string) => /^\d{0,15}$/.test(text);

const listQuery = pageSchema({ after: 15, max: MAX_RUNS_PAGE }).extend({
  bucket: z.string().min(1).max(63).optional(),
  state: z.enum(RUN_STATES).optional(),
  after: z
    .string()
    .refine(isPlace, { error: ({ input }) => `${shown(input)}; expected: what a page says in nextAfter` })
    .default(''),
});

const listRuns: Operation = {
  method: 'GET',
  path: 'runs',
  of: 'account',
  resource: () => 'run/*',
  action: 'stocktake:ListRuns',
  query: ['bucket', 'state', 'after', 'limit'],
  async handle({ query, account, services }) {
    const { after, ...wanted } = readQuery(query, listQuery);
    const page = await services.runs.list(account, { ...wanted, after: after === '' ? undefined : Number(after) });
    return jsonReply(200, { runs: page.runs, nextAfter: page.nextAfter === undefined ? null : String(page.nextAfter) });
  },
};

export const RUN_OPERATIONS: readonly Operation[] = [listRuns];
