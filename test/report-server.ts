/** A real server with a rule whose reports are looked at: `nightly` of the bucket `photos`, into `acme-reports`. */

import { expect, onTestFinished, vi } from 'vitest';
import { startApp } from '../src/app.ts';
import { loadSettings } from '../src/config.ts';
import type { RuleStatus } from '../src/core/rule-status.ts';
import type { RunView } from '../src/core/run.ts';
import { serviceTrust } from '../src/core/service-trust.ts';
import { node, renderXml } from '../src/core/xml.ts';
import { testLog } from './captured-output.ts';
import { documentOf, type PolicyStatement } from './role-fixture.ts';
import { TEST_KEY } from './server-process.ts';
import { temporaryFolder } from './store-fixture.ts';
import { rawQuery, WireClient } from './wire-client.ts';

const ACCOUNT = '1000000000000000';
export const REPORTS = 'acme-reports';
export const ROOT = 'inv/photos/nightly';
export const MAY_DELETE = { Action: 'oss:DeleteObject', Resource: `acs:oss:*:*:${REPORTS}/${ROOT}/*` };

const RULE = renderXml(
  node('InventoryConfiguration', [
    node('Id', 'nightly'),
    node('IsEnabled', 'true'),
    node('Destination', [
      node('OSSBucketDestination', [
        node('Format', 'CSV'),
        node('AccountId', ACCOUNT),
        node('RoleArn', `acs:ram::${ACCOUNT}:role/writer`),
        node('Bucket', `acs:oss:::${REPORTS}`),
        node('Prefix', 'inv'),
      ]),
    ]),
    node('Schedule', [node('Frequency', 'Weekly')]),
    node('IncludedObjectVersions', 'Current'),
  ]),
);

/** A server on a data folder, as it is found there. */
export async function openReportServer(data = temporaryFolder()) {
  const settings = loadSettings({ data, port: 0, ...TEST_KEY }, {});
  const app = await startApp({ settings, log: testLog() });
  const wire = new WireClient({ endpoint: app.endpoint, key: TEST_KEY });
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    wire.close();
    await app.close();
  };
  onTestFinished(close);
  const send = async (...[request]: Parameters<WireClient['send']>) => {
    const reply = await wire.send(request);
    expect(reply.status, reply.text).toBeLessThan(300);
    return reply;
  };
  const admin = (method: string, path: string, body: object = {}) =>
    send({ method, bucket: '-', key: `api/v1/access/${path}`, body: JSON.stringify(body) });
  const ofRule = (query: Record<string, string | undefined>) =>
    rawQuery({ inventory: undefined, inventoryId: 'nightly', ...query });
  const grant = (...statements: readonly PolicyStatement[]) =>
    admin('PUT', 'policies/reports', { document: documentOf(...statements) });
  const keys = async () => {
    const { text } = await send({ bucket: REPORTS, query: 'max-keys=1000' });
    return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key);
  };
  const manifests = async () => (await keys()).filter((key) => key.endsWith('/manifest.json'));
  const status = async () =>
    JSON.parse((await send({ bucket: 'photos', query: ofRule({ status: undefined }) })).text) as RuleStatus;
  const runs = async () =>
    (JSON.parse((await send({ bucket: 'photos', query: ofRule({ runs: undefined }) })).text) as { runs: RunView[] })
      .runs;
  const untilOver = () =>
    vi.waitFor(async () => expect((await runs())[0]?.state).toBe('published'), { timeout: 20_000, interval: 10 });
  const startRun = async () => {
    await send({ method: 'POST', bucket: 'photos', query: ofRule({ run: undefined }) });
    await untilOver();
  };
  const retain = (retention: object) =>
    wire.send({
      method: 'PUT',
      bucket: 'photos',
      query: ofRule({ options: undefined }),
      body: JSON.stringify({ retention }),
    });
  return { wire, send, admin, grant, ofRule, keys, manifests, status, runs, untilOver, startRun, retain, close };
}

/** A server with so many reports of the rule, whose role may write reports and not remove them. */
export async function openWithReports(count: number, data?: string) {
  const world = await openReportServer(data);
  const { send, admin, grant, ofRule, untilOver, startRun } = world;
  for (const bucket of ['photos', REPORTS]) await send({ method: 'PUT', bucket });
  await send({ method: 'PUT', bucket: 'photos', key: 'a', body: 'x' });
  await admin('PUT', 'roles/writer', { trust: serviceTrust('oss.aliyuncs.com') });
  await grant({});
  await admin('PUT', 'roles/writer/policies/reports');
  await send({ method: 'PUT', bucket: 'photos', query: ofRule({}), body: RULE });
  await untilOver();
  for (let n = 1; n < count; n++) await startRun();
  return world;
}
