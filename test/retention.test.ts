/** Retention on a real server: set over HTTP, kept to after each run, and taken up again at a start. */

import { expect, test, vi } from 'vitest';
import { parseLatest } from '../src/core/latest-report.ts';
import { MAY_DELETE, openReportServer, openWithReports, REPORTS, ROOT } from './report-server.ts';
import { temporaryFolder } from './store-fixture.ts';

test('retention needs the right of the role, and is refused with the policy that grants it', async () => {
  const { retain, admin, status } = await openWithReports(1);
  const { status: code, text } = await retain({ keepReports: 2 });
  expect([code, text]).toEqual([400, expect.stringContaining('may not oss:DeleteObject')]);
  expect((await status()).options).toEqual({ latest: true });
  const [document = ''] = text.replaceAll('&quot;', '"').match(/\{"Version".*\]\}/) ?? [];
  await admin('PUT', 'policies/granted', { document: JSON.parse(document) as object });
  await admin('PUT', 'roles/writer/policies/granted');
  expect(await retain({ keepReports: 2 })).toMatchObject({ status: 200 });
  expect(await status()).toMatchObject({ options: { retention: { keepReports: 2 } }, retentionFault: null });
});

test('numbers that can not be are refused in words', async () => {
  const { retain, grant } = await openWithReports(1);
  await grant({}, MAY_DELETE);
  for (const retention of [{ keepReports: 0 }, { keepDays: 1001 }, { keepReports: 1.5 }]) {
    expect(await retain(retention)).toMatchObject({ status: 400, text: expect.stringContaining('from 1 to 1000') });
  }
});

test('old reports go when retention is set and after each run, and latest.json names one that is there', async () => {
  const { retain, grant, manifests, keys, runs, startRun, send } = await openWithReports(4);
  await grant({}, MAY_DELETE);
  const before = await manifests();
  expect(before).toHaveLength(4);
  await retain({ keepReports: 2 });
  await vi.waitFor(async () => expect(await manifests()).toEqual(before.slice(2)), { interval: 10 });
  await startRun();
  await vi.waitFor(
    async () =>
      expect((await runs()).map(({ removedAt }) => removedAt === null)).toEqual([true, true, false, false, false]),
    { interval: 10 },
  );
  const left = await manifests();
  expect(left).toEqual([before[3], expect.any(String)]);
  // The two reports with their data files, and latest.json.
  expect(await keys()).toHaveLength(2 * 4 + 1);
  const { text } = await send({ bucket: REPORTS, key: `${ROOT}/latest.json` });
  expect(parseLatest(Buffer.from(text))?.manifestKey).toBe(left[1]);
});

test('a right that is lost is told by the status of the rule, and the reports go at a start once it is back', async () => {
  const data = temporaryFolder();
  const { retain, grant, manifests, status, startRun, close } = await openWithReports(2, data);
  await grant({}, MAY_DELETE);
  await retain({ keepReports: 2 });
  await grant({});
  await startRun();
  await vi.waitFor(async () => expect((await status()).retentionFault).toMatch(/may not oss:DeleteObject/), {
    interval: 10,
  });
  expect(await manifests()).toHaveLength(3);
  await grant({}, MAY_DELETE);
  await close();
  const next = await openReportServer(data);
  await vi.waitFor(async () => expect(await next.manifests()).toHaveLength(2), { interval: 10 });
  expect((await next.status()).retentionFault).toBeNull();
});
