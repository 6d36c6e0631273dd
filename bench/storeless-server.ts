/**
 * The server with storage taken out: `src/http` and `src/protocol/oss` as they are, with addressing, authentication,
 * routing and the reading of bodies, above a store whose put digests the body and answers at once. What a PUT costs
 * here, no storage can win back.
 */

import type { Bucket } from '../src/core/bucket.ts';
import { type ObjectRecord, PLAIN_RECORD } from '../src/core/record.ts';
import type { BodyPromise, PutRequest, StoredObject } from '../src/core/stored-object.ts';
import { HttpServer } from '../src/http/http-server.ts';
import { OssService } from '../src/protocol/oss/oss-service.ts';
import type { Services } from '../src/protocol/oss/ports.ts';
import { digestsOf } from '../src/store/bodies/body-digest.ts';
import { BENCH_BUCKET, BENCH_KEY } from './server.ts';

const ACCOUNT = '1000000000000000';
const REGION = 'cn-hangzhou';

const bucket: Bucket = {
  id: 'bench',
  name: BENCH_BUCKET,
  region: REGION,
  owner: ACCOUNT,
  storageClass: 'Standard',
  redundancy: 'LRS',
  acl: 'private',
  createdAtMs: Date.now(),
};

/** Of the store, only what PutObject asks for, so that this program needs no change when the store learns more. */
const store = {
  findBucket: (name: string) => (name === bucket.name ? bucket : undefined),
  async put(_request: PutRequest, body: AsyncIterable<Uint8Array>, _promise: BodyPromise): Promise<StoredObject> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const { md5, crc64 } = digestsOf(bytes);
    const record: ObjectRecord = {
      ...PLAIN_RECORD,
      sizeBytes: bytes.length,
      lastModifiedMs: Date.now(),
      storageClass: 'Standard',
      etag: md5.toString('hex').toUpperCase(),
      crc64,
      contentId: 1,
      bodyPlace: 'none',
    };
    return { record, metadata: { headers: {}, user: {} }, tags: [] };
  },
};

const services = {
  settings: {
    accountId: ACCOUNT,
    domain: 'localhost',
    regions: [REGION],
    allNeedsVersioning: false,
    maxDailyObjects: 1,
    maxWeeklyObjects: 1,
  },
  now: () => Date.now(),
  credentials: {
    find: (accessKeyId: string) => ({
      secret: BENCH_KEY.secret,
      identity: { kind: 'root', accountId: ACCOUNT, accessKeyId } as const,
    }),
  },
  audit: { record: () => undefined },
  store,
};

const fault = (error: unknown) => process.stderr.write(`${String(error)}\n`);
const service = new OssService(services as unknown as Services, fault);
const server = new HttpServer((request) => service.handle(request), fault);
const { port } = await server.listen('127.0.0.1', 0);
process.stdout.write(`${JSON.stringify({ endpoint: `http://127.0.0.1:${port}` })}\n`);
process.once('SIGTERM', () => void server.close(1000));
