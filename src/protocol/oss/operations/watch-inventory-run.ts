import { identityKey } from '../../../access/identity-name.ts';
import { runStream } from '../run-stream.ts';
import { accountOf } from './account-of.ts';
import { ruleAddition } from './rule-addition.ts';

/** A run as it goes, as a stream of events that ends with the run. */
export const watchInventoryRun = ruleAddition({
  name: 'WatchInventoryRun',
  method: 'GET',
  valued: ['run'],
  keys: ['watch'],
  async handle({ exchange: { query, services, identity }, bucket, ruleId }) {
    const who = { identity: identityKey(identity), account: accountOf(identity) };
    const watch = await services.runs.watch(bucket, ruleId, query.get('run') ?? '', who);
    return {
      status: 200,
      // A proxy that gathers an answer before it hands it on would show nothing until the end.
      headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' },
      body: runStream(watch),
    };
  },
});
