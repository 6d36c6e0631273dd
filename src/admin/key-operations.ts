/** Encryption keys: `keys` and what lies below. */

import { z } from 'zod';
import { KEY_SPECS, type KeyView, MAX_KEYS_PAGE } from '../core/encryption-key.ts';
import { jsonReply } from '../http/json-reply.ts';
import type { Operation, Param } from './operation.ts';
import type { KeyPort } from './ports.ts';
import { nothingSchema, pageSchema, readJson, readQuery } from './read-input.ts';

const newKeySchema = z.strictObject({
  id: z.string().optional(),
  description: z.string().optional(),
  spec: z.enum(KEY_SPECS).optional(),
});

const pageQuery = pageSchema({ after: 64, max: MAX_KEYS_PAGE });

const deletionSchema = z.strictObject({ days: z.number().optional() });

const anyKey = () => 'key/*';
const oneKey = (param: Param) => `key/${param('id')}`;

const createKey: Operation = {
  method: 'POST',
  path: 'keys',
  of: 'server',
  resource: anyKey,
  action: 'stocktake:CreateKey',
  async handle({ request, services, setTarget }) {
    const key = await services.keys.create(await readJson(request, newKeySchema));
    setTarget(`key/${key.id}`);
    return jsonReply(201, key);
  },
};

const listKeys: Operation = {
  method: 'GET',
  path: 'keys',
  of: 'server',
  resource: anyKey,
  action: 'stocktake:ListKeys',
  query: ['after', 'limit'],
  async handle({ query, services }) {
    const { after, limit } = readQuery(query, pageQuery);
    return jsonReply(200, await services.keys.list(after, limit));
  },
};

const getKey: Operation = {
  method: 'GET',
  path: 'keys/{+id}',
  of: 'server',
  resource: oneKey,
  action: 'stocktake:GetKey',
  async handle({ param, services }) {
    return jsonReply(200, await services.keys.get(param('id')));
  },
};

/** A request that brings a key into another state and says nothing more. */
const stateChange = (
  verb: string,
  action: Operation['action'],
  change: (keys: KeyPort, id: string) => Promise<KeyView>,
): Operation => ({
  method: 'POST',
  path: `keys/{+id}/${verb}`,
  of: 'server',
  resource: oneKey,
  action,
  async handle({ request, param, services }) {
    await readJson(request, nothingSchema);
    return jsonReply(200, await change(services.keys, param('id')));
  },
});

const disableKey = stateChange('disable', 'stocktake:DisableKey', (keys, id) => keys.disable(id));
const enableKey = stateChange('enable', 'stocktake:EnableKey', (keys, id) => keys.enable(id));
const cancelKeyDeletion = stateChange('cancel-deletion', 'stocktake:CancelKeyDeletion', (keys, id) =>
  keys.cancelDeletion(id),
);

const scheduleKeyDeletion: Operation = {
  method: 'POST',
  path: 'keys/{+id}/schedule-deletion',
  of: 'server',
  resource: oneKey,
  action: 'stocktake:ScheduleKeyDeletion',
  async handle({ request, param, services }) {
    const { days } = await readJson(request, deletionSchema);
    return jsonReply(200, await services.keys.scheduleDeletion(param('id'), days));
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
