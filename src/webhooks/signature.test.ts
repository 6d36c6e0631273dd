import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { newWebhookKey, shownSecret, signatureHeaders } from './signature.ts';

const MESSAGE = { id: 'msg-1', body: '{"type":"run.published","text":"für alle"}' };

test('a receiver that uses the library of Standard Webhooks accepts what is signed', () => {
  const key = newWebhookKey();
  const headers = signatureHeaders({ ...MESSAGE, sentAtMs: Date.now() }, [key]);
  expect(new Webhook(shownSecret(key)).verify(MESSAGE.body, headers)).toEqual(JSON.parse(MESSAGE.body));
});

test('it refuses another body, another id, another time and another secret', () => {
  const key = newWebhookKey();
  const receiver = new Webhook(shownSecret(key));
  const headers = signatureHeaders({ ...MESSAGE, sentAtMs: Date.now() }, [key]);
  const earlier = { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 1) };
  expect(() => receiver.verify(`${MESSAGE.body} `, headers)).toThrow('No matching signature');
  expect(() => receiver.verify(MESSAGE.body, { ...headers, 'webhook-id': 'msg-2' })).toThrow('No matching signature');
  expect(() => receiver.verify(MESSAGE.body, earlier)).toThrow('No matching signature');
  const other = new Webhook(shownSecret(newWebhookKey()));
  expect(() => other.verify(MESSAGE.body, headers)).toThrow('No matching signature');
});

test('while a secret is exchanged, receivers with the old one and with the new one accept the same message', () => {
  const [older, newer] = [newWebhookKey(), newWebhookKey()];
  const headers = signatureHeaders({ ...MESSAGE, sentAtMs: Date.now() }, [newer, older]);
  for (const key of [older, newer]) new Webhook(shownSecret(key)).verify(MESSAGE.body, headers);
});
