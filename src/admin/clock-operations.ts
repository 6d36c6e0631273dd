/** The clock that objects, rules and runs go by: `clock`. In test mode it can be moved. */

import { z } from 'zod';
import { shown } from '../core/printable.ts';
import { jsonReply } from '../http/json-reply.ts';
import type { Operation } from './operation.ts';
import { readJson } from './read-input.ts';

const timeSchema = z.iso.datetime({
  offset: true,
  error: ({ input }) => `${shown(input)}; expected: a time as in "2027-01-01T00:00:00Z"`,
});

const moveSchema = z.strictObject({
  now: timeSchema.transform((text) => Date.parse(text)),
  jump: z.boolean().default(false),
});

const getClock: Operation = {
  method: 'GET',
  path: 'clock',
  of: 'server',
  resource: () => 'clock',
  action: 'stocktake:GetClock',
  async handle({ services }) {
    return jsonReply(200, services.clock.view());
  },
};

const setClock: Operation = {
  method: 'PUT',
  path: 'clock',
  of: 'server',
  resource: () => 'clock',
  action: 'stocktake:SetClock',
  async handle({ request, services }) {
    const { now, jump } = await readJson(request, moveSchema);
    return jsonReply(200, await services.clock.move({ toMs: now, isJump: jump }));
  },
};

export const CLOCK_OPERATIONS: readonly Operation[] = [getClock, setClock];
