/** Webhooks of an account: `webhooks` and what lies below. */

import { z } from 'zod';
import { ACCESS_LIMITS, type EntityState } from '../core/access-entities.ts';
import { MAX_RULE_ID_CHARACTERS } from '../core/rule.ts';
import { MAX_WEBHOOKS_PAGE, WEBHOOK_EVENTS, WEBHOOK_LIMITS, type WebhookSettings } from '../core/webhook.ts';
import { jsonReply } from '../http/json-reply.ts';
import type { Operation, Param } from './operation.ts';
import { nothingSchema, pageSchema, readJson, readQuery } from './read-input.ts';

const PATH = 'webhooks/{id}';

const anyWebhook = () => 'webhook/*';
const oneWebhook = (param: Param) => `webhook/${param('id')}`;

/** No bucket has a longer name. */
const MAX_BUCKET_CHARACTERS = 63;

const settingsSchema = z.strictObject({
  url: z.string(),
  bucket: z.string().min(1).max(MAX_BUCKET_CHARACTERS).nullable().default(null),
  rule: z.string().min(1).max(MAX_RULE_ID_CHARACTERS).nullable().default(null),
  events: z
    .array(z.enum(WEBHOOK_EVENTS))
    .min(1)
    .max(WEBHOOK_EVENTS.length)
    .default([...WEBHOOK_EVENTS]),
  description: z.string().max(ACCESS_LIMITS.descriptionCharacters).default(''),
}) satisfies z.ZodType<WebhookSettings>;

const { min, max, default: usual } = WEBHOOK_LIMITS.graceHours;
const rotationSchema = z.strictObject({ graceHours: z.int().min(min).max(max).default(usual) });

/** Ids of webhooks and of deliveries are shorter. */
const pageQuery = pageSchema({ after: 64, max: MAX_WEBHOOKS_PAGE });

const createWebhook: Operation = {
  method: 'POST',
  path: 'webhooks',
  of: 'account',
  action: 'stocktake:CreateWebhook',
  resource: anyWebhook,
  async handle({ request, account, services, setTarget }) {
    const webhook = await services.webhooks.create(account, await readJson(request, settingsSchema));
    setTarget(`webhook/${webhook.id}`);
    return jsonReply(201, webhook);
  },
};

const listWebhooks: Operation = {
  method: 'GET',
  path: 'webhooks',
  of: 'account',
  action: 'stocktake:ListWebhooks',
  resource: anyWebhook,
  query: ['after', 'limit'],
  async handle({ query, account, services }) {
    return jsonReply(200, await services.webhooks.list(account, readQuery(query, pageQuery)));
  },
};

const getWebhook: Operation = {
  method: 'GET',
  path: PATH,
  of: 'account',
  action: 'stocktake:GetWebhook',
  resource: oneWebhook,
  async handle({ param, account, services }) {
    return jsonReply(200, await services.webhooks.get(account, param('id')));
  },
};

const putWebhook: Operation = {
  method: 'PUT',
  path: PATH,
  of: 'account',
  action: 'stocktake:PutWebhook',
  resource: oneWebhook,
  async handle({ request, param, account, services }) {
    const settings = await readJson(request, settingsSchema);
    return jsonReply(200, await services.webhooks.replace(account, param('id'), settings));
  },
};

const switchTo = (state: EntityState, verb: string, action: Operation['action']): Operation => ({
  method: 'POST',
  path: `${PATH}/${verb}`,
  of: 'account',
  action,
  resource: oneWebhook,
  async handle({ request, param, account, services }) {
    await readJson(request, nothingSchema);
    return jsonReply(200, await services.webhooks.setState(account, param('id'), state));
  },
});

const rotateSecret: Operation = {
  method: 'POST',
  path: `${PATH}/rotate-secret`,
  of: 'account',
  action: 'stocktake:RotateWebhookSecret',
  resource: oneWebhook,
  async handle({ request, param, account, services }) {
    const { graceHours } = await readJson(request, rotationSchema);
    return jsonReply(200, await services.webhooks.rotateSecret(account, param('id'), graceHours));
  },
};

const deleteWebhook: Operation = {
  method: 'DELETE',
  path: PATH,
  of: 'account',
  action: 'stocktake:DeleteWebhook',
  resource: oneWebhook,
  async handle({ param, account, services }) {
    await services.webhooks.delete(account, param('id'));
    return jsonReply(200, {});
  },
};

/** It is sent behind the answer, which says under what id to look for it in the log. */
const testWebhook: Operation = {
  method: 'POST',
  path: `${PATH}/test`,
  of: 'account',
  action: 'stocktake:TestWebhook',
  resource: oneWebhook,
  async handle({ request, param, account, services }) {
    await readJson(request, nothingSchema);
    return jsonReply(202, await services.webhooks.test(account, param('id')));
  },
};

const listDeliveries: Operation = {
  method: 'GET',
  path: `${PATH}/deliveries`,
  of: 'account',
  action: 'stocktake:ListWebhookDeliveries',
  resource: oneWebhook,
  query: ['after', 'limit'],
  async handle({ query, param, account, services }) {
    return jsonReply(200, await services.webhooks.deliveries(account, param('id'), readQuery(query, pageQuery)));
  },
};

const getDelivery: Operation = {
  method: 'GET',
  path: `${PATH}/deliveries/{delivery}`,
  of: 'account',
  action: 'stocktake:GetWebhookDelivery',
  resource: oneWebhook,
  async handle({ param, account, services }) {
    return jsonReply(200, await services.webhooks.delivery(account, param('id'), param('delivery')));
  },
};

const retryDelivery: Operation = {
  method: 'POST',
  path: `${PATH}/deliveries/{delivery}/retry`,
  of: 'account',
  action: 'stocktake:RetryWebhookDelivery',
  resource: oneWebhook,
  async handle({ request, param, account, services, setTarget }) {
    await readJson(request, nothingSchema);
    setTarget(`${oneWebhook(param)} delivery ${param('delivery')}`);
    return jsonReply(202, await services.webhooks.retry(account, param('id'), param('delivery')));
  },
};

export const WEBHOOK_OPERATIONS: readonly Operation[] = [
  createWebhook,
  listWebhooks,
  getWebhook,
  putWebhook,
  switchTo('enabled', 'enable', 'stocktake:EnableWebhook'),
  switchTo('disabled', 'disable', 'stocktake:DisableWebhook'),
  rotateSecret,
  deleteWebhook,
  testWebhook,
  listDeliveries,
  getDelivery,
  retryDelivery,
];
