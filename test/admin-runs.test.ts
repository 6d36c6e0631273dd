/** Runs over all rules, as the admin API lists them: what may be asked, and whose runs are shown. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunsPort } from '../src/admin/ports.ts';
import type { WantedRuns } from '../src/control/run-lists.ts';
import type { RunListRequest } from '../src/core/run-list.ts';
import { runsPort } from '../src/rule-ports.ts';
import { OTHER_ACCOUNT, SERVER_ACCOUNT } from './access-fixture.ts';
import { type AdminServer, addUser, startAdminServer } from './admin-server.ts';
import { ROOT } from './identities.ts';
import { runView } from './run-view.ts';
import { servicesOf } from './wire-ports.ts';

describe('a list of runs', () => {
  let server: AdminServer;
  let asked: Parameters<RunsPort['list']>[];

  beforeEach(async () => {
    asked = [];
    const list: RunsPort['list'] = async (...request) => {
      asked.push(request);
      return { runs: [runView()], nextAfter: 17 };
    };
    server = await startAdminServer({ runs: { list } });
  });

  afterEach(() => server.close());

  test('is paged, of the account of whoever asks', async () => {
    expect(await server.ask('GET', 'runs')).toMatchObject({
      status: 200,
      json: { runs: [runView()], nextAfter: '17' },
    });
    await server.ask('GET', 'runs', { query: 'bucket=photos&state=failed&after=17&limit=5' });
    await server.ask('GET', 'runs', { query: `account=${OTHER_ACCOUNT}` });
    expect(asked).toEqual([
      [SERVER_ACCOUNT, { limit: 100 }],
      [SERVER_ACCOUNT, { bucket: 'photos', state: 'failed', after: 17, limit: 5 }],
      [OTHER_ACCOUNT, { limit: 100 }],
    ]);
    expect(server.audited).toEqual([]);
  });

  test.each([
    ['state=gone', 'state: '],
    ['after=x', 'after: "x"; expected: what a page says in nextAfter'],
    ['limit=1001', 'limit: '],
    ['bucket=', 'bucket: '],
    ['rule=nightly', '"rule"'],
  ])('is refused with the query %s', async (query, words) => {
    const { status, json } = await server.ask('GET', 'runs', { query });
    expect({ status, message: json.error.message }).toEqual({ status: 400, message: expect.stringContaining(words) });
    expect(asked).toEqual([]);
  });

  test('needs its own permission', async () => {
    const reader = await addUser(server, 'anna', [{ Action: 'stocktake:ListRuns' }]);
    const other = await addUser(server, 'ben', [{ NotAction: 'stocktake:ListRuns' }]);
    expect((await server.ask('GET', 'runs', {}, reader)).status).toBe(200);
    expect((await server.ask('GET', 'runs', {}, other)).status).toBe(403);
    expect(asked).toHaveLength(1);
  });
});

describe('an account', () => {
  /** `media` and `reports` of the server's account, and `theirs` of another. */
  const world = { more: [{ name: 'theirs', owner: OTHER_ACCOUNT }] };
  const { store } = servicesOf(ROOT, world, { done: async (_, result) => result, audit: { record: () => undefined } });

  /** The list that an account comes to. */
  async function listedBy(account: string, request: Partial<RunListRequest> = {}): Promise<WantedRuns | undefined> {
    let wanted: WantedRuns | undefined;
    const list = async (runs: WantedRuns) => {
      wanted = runs;
      return { runs: [] };
    };
    await runsPort({ list }, store).list(account, { limit: 10, ...request });
    return wanted;
  }

  test('sees the runs of its own buckets alone', async () => {
    const own = await listedBy(SERVER_ACCOUNT, { state: 'failed', after: 3 });
    expect(own).toMatchObject({ limit: 10, state: 'failed', after: 3 });
    expect(['b1', 'b2', 'b3', 'gone'].filter((id) => own?.isMeant(id))).toEqual(['b1', 'b2']);
    const theirs = await listedBy(OTHER_ACCOUNT);
    expect(['b1', 'b2', 'b3', 'gone'].filter((id) => theirs?.isMeant(id))).toEqual(['b3']);
  });

  test('asks for a bucket of its own by its name, and for no other', async () => {
    expect(await listedBy(SERVER_ACCOUNT, { bucket: 'media' })).toMatchObject({ bucketId: 'b1' });
    expect(await listedBy(OTHER_ACCOUNT, { bucket: 'theirs' })).toMatchObject({ bucketId: 'b3' });
    for (const bucket of ['theirs', 'none']) {
      await expect(listedBy(SERVER_ACCOUNT, { bucket })).rejects.toMatchObject({ code: 'NoSuchBucket' });
    }
  });
});
