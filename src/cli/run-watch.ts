/** `run watch`, and the end of `run start --watch`: a run to its end, live on a terminal. */

import { isOpen, type RunView } from '../core/run.ts';
import { ProgressLine, printJson, printJsonLine } from './output.ts';
import { watchRun } from './run-stream.ts';
import { describeRun, progressText } from './run-text.ts';
import { ScanPace } from './scan-pace.ts';
import type { ServerClient } from './server-client.ts';

export interface WatchFlags {
  readonly json: boolean;
  /** Each change as a line of JSON, instead of the end alone. */
  readonly events: boolean;
}

/** Watches a run to its end, and makes the command fail when it is over without having done what it was for. */
export async function followRun(client: ServerClient, first: RunView, { json, events }: WatchFlags): Promise<void> {
  const progress = new ProgressLine({ isJson: json || events });
  const pace = new ScanPace();
  let last = first;
  try {
    for await (const run of changesOf(client, first)) {
      last = run;
      if (events) printJsonLine(run);
      pace.add(run.scanned, performance.now());
      progress.show(progressText(run, pace.perSecond()));
    }
  } finally {
    progress.end();
  }
  if (!events) {
    if (json) printJson(last);
    else describeRun(last);
  }
  if (last.state !== 'published' && last.state !== 'empty') process.exitCode = 1;
}

/** One that is over has no changes to come. */
async function* changesOf(client: ServerClient, first: RunView): AsyncGenerator<RunView> {
  if (isOpen(first.state)) yield* watchRun(client, { bucket: first.bucket, rule: first.rule, run: first.id });
  else yield first;
}
