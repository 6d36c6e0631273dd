/** What the docs say of webhooks is what the code does. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { WEBHOOK_EVENTS, WEBHOOK_LIMITS } from '../src/core/webhook.ts';
import { TEST_EVENT } from '../src/core/webhook-delivery.ts';
import { POST_FAULTS } from '../src/webhooks/post.ts';
import { MAX_TRIES, waitAfter } from '../src/webhooks/retry-waits.ts';
import { newWebhookKey, shownSecret, signatureHeaders } from '../src/webhooks/signature.ts';

const DOCS = path.join(import.meta.dirname, '../docs');
const GUIDE = await readFile(path.join(DOCS, 'guide/webhooks.md'), 'utf8');
const REFERENCE = await readFile(path.join(DOCS, 'reference/webhooks.md'), 'utf8');

test('the reference names each event, each fault and each wait', () => {
  for (const event of [...WEBHOOK_EVENTS, TEST_EVENT]) expect(REFERENCE).toContain(`| \`${event}\` |`);
  for (const fault of Object.values(POST_FAULTS)) expect(REFERENCE).toContain(`| ${fault} |`);
  const seconds = Array.from({ length: MAX_TRIES - 1 }, (_, tried) => (waitAfter(tried + 1, 0) ?? 0) / 1000);
  expect(seconds).toEqual([5, 30, 2 * 60, 10 * 60, 3600, 6 * 3600, 24 * 3600]);
  expect(REFERENCE).toContain(`in 5 s, 30 s, 2 min, 10 min, 1 h, 6 h, 24 h`);
  expect(REFERENCE).toContain(`after ${MAX_TRIES} tries it is given up`);
});

test('the reference names the bounds', () => {
  const { webhooksPerAccount, urlCharacters, pendingDeliveries, endedDeliveries, payloadBytes, graceHours } =
    WEBHOOK_LIMITS;
  for (const line of [
    `| webhooks of an account | ${webhooksPerAccount} |`,
    `| characters of a URL | ${urlCharacters.toLocaleString('en-US')} |`,
    `| deliveries of a webhook that wait | ${pendingDeliveries.toLocaleString('en-US')};`,
    `| deliveries of a webhook in its log that are over | ${endedDeliveries};`,
    `at most ${payloadBytes / 1024} KiB`,
    `| ${graceHours.min} to ${graceHours.max}; ${graceHours.default} unless given |`,
  ]) {
    expect(REFERENCE).toContain(line);
  }
});

/** Whoever sends to a receiver may leave a header away; that is to be a refusal, and no fault of the receiver. */
test('the check in the guide accepts what is signed, and nothing else', async () => {
  const [, code = ''] = /```js\n(.*?)```/s.exec(GUIDE) ?? [];
  const { isFromStocktake } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
    isFromStocktake: (headers: object, body: string, secret: string) => boolean;
  };
  const [older, newer] = [newWebhookKey(), newWebhookKey()];
  const message = { id: 'msg-1', sentAtMs: Date.now(), body: '{"type":"webhook.test"}' };
  const headers = signatureHeaders(message, [newer, older]);
  for (const key of [older, newer]) expect(isFromStocktake(headers, message.body, shownSecret(key))).toBe(true);
  expect(isFromStocktake(headers, message.body, shownSecret(newWebhookKey()))).toBe(false);
  expect(isFromStocktake(headers, `${message.body} `, shownSecret(newer))).toBe(false);
  const late = signatureHeaders({ ...message, sentAtMs: Date.now() - 600_000 }, [newer]);
  expect(isFromStocktake(late, message.body, shownSecret(newer))).toBe(false);
  for (const name of Object.keys(headers)) {
    const rest = Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name));
    expect(isFromStocktake(rest, message.body, shownSecret(newer)), name).toBe(false);
  }
});
