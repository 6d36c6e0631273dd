import { expect, test } from 'vitest';
import { ROOT } from '../../../../test/identities.ts';
import { BUCKET } from '../../../../test/wire-ports.ts';
import { answerTo } from '../../../../test/wire-world.ts';

test.each([
  ['POST', 'run&enable', 'run'],
  ['POST', 'run=run1&cancel&disable', 'disable'],
  ['POST', 'enable&disable', 'disable'],
  ['POST', 'enable&run=run1', 'run'],
  ['PUT', 'options&latest=false', 'latest'],
  ['GET', 'status&options', 'options'],
  ['GET', 'run=run1&max-keys=1', 'max-keys'],
  ['GET', 'runs&status', 'runs'],
])('%s of %s asks for two things, or for nothing that there is, and does neither', async (method, keys, foreign) => {
  const query = `inventory&inventoryId=r&${keys}`;
  const { status, text, effects } = await answerTo(ROOT, { method, bucket: BUCKET, query, body: '{}' });
  expect({ status, effects }).toEqual({ status: 400, effects: [] });
  expect(text).toContain('takes the query parameters ');
  expect(text).toContain(`<ArgumentName>${foreign}</ArgumentName>`);
});

test.each([
  ['POST', 'enable=false', 'enable'],
  ['POST', 'disable=no', 'disable'],
  ['POST', 'run=run1', 'run'],
  ['POST', 'run=run1&cancel=false', 'cancel'],
  ['GET', 'run=run1&watch=false', 'watch'],
  ['GET', 'runs=run1', 'runs'],
  ['PUT', 'options=latest', 'options'],
])('%s of %s gives a value to what has none, and does nothing', async (method, keys, valued) => {
  const query = `inventory&inventoryId=r&${keys}`;
  const { status, text, effects } = await answerTo(ROOT, { method, bucket: BUCKET, query, body: '{}' });
  expect({ status, effects }).toEqual({ status: 400, effects: [] });
  expect(text).toContain(`takes the query parameter "${valued}" without a value`);
  expect(text).toContain(`<ArgumentName>${valued}</ArgumentName>`);
});

test.each([
  ['PUT', 'inventoryId=r&run', 'run'],
  ['GET', 'inventoryId=r&cancel', 'cancel'],
  ['GET', 'inventoryId=r&enable', 'enable'],
  ['GET', 'runs', 'runs'],
])('%s of %s is none of ours, and not taken for one of the original', async (method, keys, key) => {
  const query = `inventory&${keys}`;
  const { status, text, effects } = await answerTo(ROOT, { method, bucket: BUCKET, query, body: '<a/>' });
  expect({ status, effects }).toEqual({ status: 400, effects: [] });
  expect(text).toContain(`<ArgumentName>${key}</ArgumentName>`);
});

test('a continuation token that no server gave is refused', async () => {
  const query = 'inventory&inventoryId=r&runs&continuation-token=run1';
  const { status, text, effects } = await answerTo(ROOT, { method: 'GET', bucket: BUCKET, query });
  expect({ status, effects }).toEqual({ status: 400, effects: [] });
  expect(text).toContain('<ArgumentName>continuation-token</ArgumentName>');
});

test.each([
  ['GET', 'runs&max-keys=5&continuation-token=17', 200],
  ['GET', 'run=run1', 200],
  ['POST', 'run', 202],
])('%s of %s is taken', async (method, keys, expected) => {
  const { status } = await answerTo(ROOT, { method, bucket: BUCKET, query: `inventory&inventoryId=r&${keys}` });
  expect(status).toBe(expected);
});
