/** Commands that watch and cancel runs, against a server whose run is not over until a test lets it. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ruleRequest } from '../../src/cli/rule-request.ts';
import type { RunView } from '../../src/core/run.ts';
import { startFailingServer } from '../crash/failing-server.ts';
import { type HeldRun, holdRun, RULE } from '../held-run.ts';
import { runCommand, type ServerProcess } from '../server-process.ts';
import { commandsAt } from './commands-at.ts';

const NAMES = [RULE.bucket, RULE.rule] as const;
const PATIENCE = { timeout: 20_000, interval: 50 };

/** Resolves with the run as soon as a passing fault has put it off. */
async function putOff({ client, run }: HeldRun): Promise<RunView> {
  return await vi.waitFor(async () => {
    const view = await client.sendForJson<RunView>(ruleRequest('GET', RULE, { run: run.id }));
    expect(view.retryAt).not.toBeNull();
    return view;
  }, PATIENCE);
}

/** `run watch` in a process of its own, and when it has shown the run for the first time. */
function watchRun({ server }: HeldRun) {
  const { promise: isWatched, resolve } = Promise.withResolvers<void>();
  const options = { endpoint: server.endpoint, onOutput: () => resolve() };
  return { watching: runCommand(['run', 'watch', ...NAMES, '--events'], options), isWatched };
}

function viewsIn(stdout: string): RunView[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RunView);
}

function auditOf({ data }: ServerProcess): object[] {
  const lines = readFileSync(path.join(data, 'audit.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as object);
}

test('a run that waits says until when and why, and is cancelled while somebody watches it', async () => {
  const held = await holdRun();
  const { server, run } = held;
  const { run: command, attempt, expectFailure, runJson } = commandsAt(() => server.endpoint);
  const { retryAt } = await putOff(held);
  const shown = await command('run', 'show', ...NAMES);
  expect(shown).toMatch(/next try {7}at 20.*Z, by itself\n/);
  expect(shown).toContain('StorageFull: ');
  expect(retryAt).toMatch(/Z$/);
  const { watching, isWatched } = watchRun(held);
  await isWatched;
  expect(await command('run', 'cancel', ...NAMES)).toBe(`Run ${run.id} is cancelled. What it wrote is removed.\n`);
  const { code, stdout, stderr } = await watching;
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  const views = viewsIn(stdout);
  expect(views[0]).toMatchObject({ id: run.id, finishedAt: null });
  expect(views.at(-1)).toMatchObject({
    id: run.id,
    state: 'cancelled',
    retryAt: null,
    reason: { code: 'Cancelled', text: 'Cancelled by the root of account 1000000000000000.' },
  });
  const again = await attempt('run', 'watch', ...NAMES, run.id, '--json');
  expect({ ...again, stdout: JSON.parse(again.stdout) }).toEqual({ code: 1, stderr: '', stdout: views.at(-1) });
  await expectFailure("is cancelled and can't be cancelled. It is over.", 'run', 'cancel', ...NAMES, run.id);
  await expectFailure(
    `No run of the rule "${RULE.rule}" is under way; the newest, ${run.id}, is cancelled.`,
    'run',
    'cancel',
    ...NAMES,
  );
  await runJson('run', 'show', ...NAMES);
  const lines = auditOf(server).slice(-2);
  const target = `rule/${RULE.rule} run/${run.id}`;
  expect(lines).toMatchObject([
    { outcome: 'done', operation: 'CancelInventoryRun', action: 'oss:PutBucketInventory', target },
    { outcome: 'failed', operation: 'CancelInventoryRun', code: 'InventoryRunNotCancellable', target },
  ]);
});

test('a rule that is disabled while its run waits has that cancelled, and says why', async () => {
  const held = await holdRun();
  const { server, run } = held;
  const commands = commandsAt(() => server.endpoint);
  await putOff(held);
  await commands.run('rule', 'disable', ...NAMES);
  expect(await commands.runJson('rule', 'status', ...NAMES)).toMatchObject({
    isEnabled: false,
    nextDueAt: null,
    lastRun: { id: run.id, state: 'cancelled', reason: { code: 'RuleDisabled' } },
    lastReport: null,
  });
  const target = `rule/${RULE.rule}`;
  expect(auditOf(server).at(-1)).toMatchObject({ outcome: 'done', operation: 'DisableInventory', target });
});

test('a watch outlives the death of the server, and sees the run end under the next one', async () => {
  const held = await holdRun();
  const { server, run } = held;
  await putOff(held);
  const { watching, isWatched } = watchRun(held);
  await isWatched;
  await server.kill();
  const next = await startFailingServer({ data: server.data, args: ['--port', String(server.port)] });
  onTestFinished(() => next.stop());
  const { code, stdout, stderr } = await watching;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const views = viewsIn(stdout);
  expect(views.length).toBeGreaterThan(1);
  expect(views.at(-1)).toMatchObject({ id: run.id, state: 'published' });
});
