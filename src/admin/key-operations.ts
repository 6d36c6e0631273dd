/** Encryption keys: `keys` and what lies below. */

import { z } from 'zod';
import { KEY_SPECS, type KeyView, MAX_KEYS_PAGE } from '../core/encryption-key.ts';
import { jsonReply } from '../http/json-reply.ts';
import type { Operation } from './operation.ts';
import type { KeyPort } from './ports.ts';
import { readJson, readQuery } from './read-input.ts';

const DEFAULT_KEYS_PAGE = 100;

const newKeySchema = z.strictObject({
  id: z.string().optional(),
  description: z.string().optional(),
  spec: z.enum(KEY_SPECS).optional(),
});

const pageSchema = z.strictObject({
  after: z.string().max(64).default(''),
  limit: z
    .string()
    .regex(/^\d{1,4}$/, { error: `must be a whole number from 1 to ${MAX_KEYS_PAGE}` })
    .transform(Number)
    .pipe(z.number().min(1).max(MAX_KEYS_PAGE))
    .default(DEFAULT_KEYS_PAGE),
});

const deletionSchema = z.strictObject({ days: z.number().optional() });

const nothingSchema = z.strictObject({});

const createKey: Operation = {
  method: 'POST',
  path: 'keys',
  action: 'stocktake:CreateKey',
  async handle({ request, services }) {
    return jsonReply(201, await services.keys.create(await readJson(request, newKeySchema)));
  },
};

const listKeys: Operation = {
  method: 'GET',
  path: 'keys',
  action: 'stocktake:ListKeys',
  async handle({ query, services }) {
    const { after, limit } = readQuery(query, pageSchema);
    return jsonReply(200, await services.keys.list(after, limit));
  },
};

const getKey: Operation = {
  method: 'GET',
  path: 'keys/{id}',
  action: 'stocktake:GetKey',
  async handle({ id, services }) {
    return jsonReply(200, await services.keys.get(id));
  },
};

/** A request that brings a key into another state and says nothing more. */
const stateChange = (
  verb: string,
  action: Operation['action'],
  change: (keys: KeyPort, id: string) => Promise<KeyView>,
): Operation => ({
  method: 'POST',
  path: `keys/{id}/${verb}`,
  action,
  async handle({ request, id, services }) {
    await readJson(request, nothingSchema);
    return jsonReply(200, await change(services.keys, id));
  },
});

const disableKey = stateChange('disable', 'stocktake:DisableKey', (keys, id) => keys.disable(id));
const enableKey = stateChange('enable', 'stocktake:EnableKey', (keys, id) => keys.enable(id));
const cancelKeyDeletion = stateChange('cancel-deletion', 'stocktake:CancelKeyDeletion', (keys, id) =>
  keys.cancelDeletion(id),
);

const scheduleKeyDeletion: Operation = {
  method: 'POST',
  path: 'keys/{id}/schedule-deletion',
  action: 'stocktake:ScheduleKeyDeletion',
  async handle({ request, id, services }) {
    const { days } = await readJson(request, deletionSchema);
    return jsonReply(200, await services.keys.scheduleDeletion(id, days));
  },
};

export const KEY_OPERATIONS: readonly Operation[] = [
  createKey,
  listKeys,
  getKey,
  disableKey,
  enableKey,
  scheduleKeyDeletion,
  cancelKeyDeletion,
];
