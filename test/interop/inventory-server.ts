/** A server in this process with the buckets, the account, the role and the key that the inventory vectors speak of. */

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type App, startApp } from '../../src/app.ts';
import { loadSettings, type SettingFlags } from '../../src/config.ts';
import { openControlDatabase } from '../../src/control/control-database.ts';
import { RuleBook } from '../../src/control/rule-book.ts';
import type { BucketRef } from '../../src/control/rule-changes.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { KeySpec } from '../../src/core/encryption-key.ts';
import type { Rule } from '../../src/core/rule.ts';
import { checkRule } from '../../src/core/rule-check.ts';
import { serviceTrust } from '../../src/core/service-trust.ts';
import { parseRuleDocument } from '../../src/protocol/oss/rule-document.ts';
import { removeFolder, testLog } from '../captured-output.ts';
import { rawQuery, WireClient } from '../wire-client.ts';

const ACCOUNT = '1420563387190042';
const ROLE = 'acme-inventory-writer';
const ENCRYPTION_KEY = '8d1f0c77-6a53-4f02-9be3-2f5d7c90a1e4';
const KEY = { accessKeyId: 'vector-key', accessKeySecret: 'vector-secret' };
/** The host that the vectors' answers name. */
const DOMAIN = 'oss-cn-hangzhou.aliyuncs.com';

export const SOURCE = 'acme-media';
export const DESTINATION = 'acme-reports';

export interface InventoryServer {
  /** Addresses buckets by host, as the vectors do. */
  readonly client: WireClient;
  /** A further client, with a connection of its own. */
  anotherClient(): WireClient;
  /** Puts a rule beside the wire: it is there, and no run of it is started. */
  putQuietly(rule: Rule): Promise<void>;
  close(): Promise<void>;
}

export interface InventoryServerOptions {
  readonly settings?: SettingFlags;
  readonly keySpec?: KeySpec;
}

export async function startInventoryServer(options: InventoryServerOptions = {}): Promise<InventoryServer> {
  const { keySpec = 'SYMMETRIC' } = options;
  const data = await mkdtemp(path.join(tmpdir(), 'stocktake-vectors-'));
  const db = await openControlDatabase(data);
  const settings = loadSettings({ data, port: 0, accountId: ACCOUNT, ...KEY, ...options.settings }, {});
  const app = await startApp({ settings, log: testLog() });
  const anotherClient = () => new WireClient({ endpoint: app.endpoint, key: KEY, domain: DOMAIN });
  const client = anotherClient();
  for (const bucket of [SOURCE, DESTINATION]) await client.send({ method: 'PUT', bucket });
  await administer(app, 'PUT', `access/roles/${ROLE}`, { trust: serviceTrust('oss.aliyuncs.com') });
  for (const policy of ['AliyunOSSFullAccess', 'AliyunKMSCryptoUserAccess']) {
    await administer(app, 'PUT', `access/roles/${ROLE}/policies/${policy}`);
  }
  if (settings.keyService) await administer(app, 'POST', 'keys', { id: ENCRYPTION_KEY, spec: keySpec });

  const book = new RuleBook(db, systemClock, { maxRules: 1000, schedule: { time: '00:00', zone: 'Asia/Shanghai' } });
  let source: Promise<BucketRef> | undefined;
  return {
    client,
    anotherClient,
    async putQuietly(rule) {
      source ??= findSource(client, book);
      await book.put(await source, rule, { replace: false });
    },
    async close() {
      client.close();
      await app.close();
      await db.destroy();
      removeFolder(data);
    },
  };
}

async function administer({ endpoint }: App, method: 'PUT' | 'POST', path: string, body: object = {}): Promise<void> {
  const admin = new WireClient({ endpoint, key: KEY });
  const { status, text } = await admin.send({ method, bucket: '-', key: `api/v1/${path}`, body: JSON.stringify(body) });
  admin.close();
  if (status >= 300) throw new Error(`${path} of the vectors was not made: ${text}`);
}

/** A rule as the wire would read it, disabled unless told otherwise. */
export function readRule(document: string | Uint8Array, change: Partial<Rule> = { isEnabled: false }): Rule {
  const rule = checkRule(parseRuleDocument(Buffer.from(document)), systemClock.now() / 1000);
  return { ...rule, ...change };
}

/** Rules hang on a bucket's internal id, which only a rule that is there can tell from outside. */
async function findSource(client: WireClient, book: RuleBook): Promise<BucketRef> {
  const query = rawQuery({ inventory: undefined, inventoryId: 'probe' });
  const body = `<InventoryConfiguration><Id>probe</Id><IsEnabled>false</IsEnabled><Destination><OSSBucketDestination>
    <Format>CSV</Format><AccountId>${ACCOUNT}</AccountId><RoleArn>acs:ram::${ACCOUNT}:role/${ROLE}</RoleArn>
    <Bucket>acs:oss:::${DESTINATION}</Bucket></OSSBucketDestination></Destination>
    <Schedule><Frequency>Monthly</Frequency></Schedule>
    <IncludedObjectVersions>Current</IncludedObjectVersions></InventoryConfiguration>`;
  await client.send({ method: 'PUT', bucket: SOURCE, query, body });
  const [id] = await book.bucketIds();
  await client.send({ method: 'DELETE', bucket: SOURCE, query });
  if (id === undefined) throw new Error('the probing rule was not stored');
  return { id, name: SOURCE };
}
