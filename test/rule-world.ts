/** A server in this process with one rule's worth of things around it: a source, a destination, a role that may write. */

import { expect, onTestFinished, vi } from 'vitest';
import { startApp } from '../src/app.ts';
import { loadSettings, type SettingFlags } from '../src/config.ts';
import type { RunView } from '../src/core/run.ts';
import { serviceTrust } from '../src/core/service-trust.ts';
import { node, renderXml, type XmlNode } from '../src/core/xml.ts';
import type { RuleDryRun } from '../src/protocol/oss/operations/rule-dry-run.ts';
import { testLog } from './captured-output.ts';
import { documentOf } from './role-fixture.ts';
import { TEST_KEY } from './server-process.ts';
import { temporaryFolder } from './store-fixture.ts';
import { rawQuery, WireClient, type WireReply } from './wire-client.ts';

export const ACCOUNT = '1000000000000000';
export const SOURCE = 'photos';
export const REPORTS = 'acme-reports';
const WRITE = documentOf({ Resource: `acs:oss:*:*:${REPORTS}/inv/*` });
export const TRUSTS_OSS = serviceTrust('oss.aliyuncs.com');

interface RuleChange {
  readonly id?: string;
  readonly role?: string;
  readonly roleAccount?: string;
  readonly bucket?: string;
  readonly encryption?: XmlNode;
  readonly isEnabled?: boolean;
  readonly accountId?: string;
}

export function ruleXml(change: RuleChange = {}): string {
  const { id = 'nightly', role = 'writer', roleAccount = ACCOUNT, bucket = REPORTS, encryption } = change;
  return renderXml(
    node('InventoryConfiguration', [
      node('Id', id),
      node('IsEnabled', String(change.isEnabled ?? true)),
      node('Destination', [
        node('OSSBucketDestination', [
          node('Format', 'CSV'),
          node('AccountId', change.accountId ?? ACCOUNT),
          node('RoleArn', `acs:ram::${roleAccount}:role/${role}`),
          node('Bucket', `acs:oss:::${bucket}`),
          node('Prefix', 'inv'),
          ...(encryption === undefined ? [] : [node('Encryption', [encryption])]),
        ]),
      ]),
      node('Schedule', [node('Frequency', 'Weekly')]),
      node('IncludedObjectVersions', 'Current'),
    ]),
  );
}

/** A server with a source of one object, an empty destination and a role that may write there; `more` sets its settings. */
export async function openWorld(more: SettingFlags = {}) {
  const settings = loadSettings({ data: temporaryFolder(), port: 0, ...TEST_KEY, ...more }, {});
  const app = await startApp({ settings, log: testLog() });
  const wire = new WireClient({ endpoint: app.endpoint, key: TEST_KEY });
  onTestFinished(async () => {
    wire.close();
    await app.close();
  });
  const send = async (...[request]: Parameters<WireClient['send']>): Promise<WireReply> => {
    const reply = await wire.send(request);
    expect(reply.status, reply.text).toBeLessThan(300);
    return reply;
  };
  const admin = (method: string, path: string, body: object = {}) =>
    send({ method, bucket: '-', key: `api/v1/access/${path}`, body: JSON.stringify(body) });
  for (const bucket of [SOURCE, REPORTS]) await send({ method: 'PUT', bucket });
  await send({ method: 'PUT', bucket: SOURCE, key: 'a', body: 'x' });
  await admin('PUT', 'roles/writer', { trust: TRUSTS_OSS });

  const grant = async (name: string, document: object) => {
    await admin('PUT', `policies/${name}`, { document });
    await admin('PUT', `roles/writer/policies/${name}`);
  };
  await grant('write-reports', WRITE);
  const putRule = (change: RuleChange = {}, headers: Readonly<Record<string, string>> = {}) => {
    const query = rawQuery({ inventory: undefined, inventoryId: change.id ?? 'nightly' });
    return wire.send({ method: 'PUT', bucket: SOURCE, query, headers, body: ruleXml(change) });
  };
  const dryRun = async (change?: RuleChange, headers?: Readonly<Record<string, string>>) => {
    const { status, text, headers: told } = await putRule(change, { 'x-oss-stocktake-dry-run': 'true', ...headers });
    expect([status, told['content-type']], text).toEqual([200, 'application/json']);
    return JSON.parse(text) as RuleDryRun;
  };
  return { app, settings, endpoint: app.endpoint, wire, send, admin, grant, putRule, dryRun };
}

export type World = Awaited<ReturnType<typeof openWorld>>;

export async function runsOf({ wire }: World): Promise<readonly RunView[]> {
  const { status, text } = await wire.send({ bucket: SOURCE, query: 'inventory&inventoryId=nightly&runs' });
  // There is no such rule, and never was.
  if (status === 404) return [];
  return (JSON.parse(text) as { readonly runs: readonly RunView[] }).runs;
}

/** The newest run, when it is over. */
export async function endOfRun(world: World): Promise<RunView> {
  return await vi.waitFor(
    async () => {
      const [run] = await runsOf(world);
      if (run === undefined || ['planned', 'scanning', 'publishing'].includes(run.state)) throw new Error(run?.state);
      return run;
    },
    { timeout: 20_000, interval: 20 },
  );
}

export async function runAgain(world: World): Promise<RunView> {
  await world.send({ method: 'POST', bucket: SOURCE, query: 'inventory&inventoryId=nightly&run' });
  return await endOfRun(world);
}

export async function countReportFiles({ send }: World): Promise<number> {
  return ((await send({ bucket: REPORTS })).text.match(/<Contents>/g) ?? []).length;
}
