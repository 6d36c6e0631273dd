/** The metrics that are set anew whenever they are asked for. */

import { Gauge, type Registry } from 'prom-client';
import type { Figures } from './figures.ts';

export class Gauges {
  readonly #runs;
  readonly #waiting;
  readonly #scanning;
  readonly #rules;
  readonly #unlisted;
  readonly #lastSuccess;
  readonly #due;
  readonly #period;
  readonly #changed;
  readonly #deliveries;
  readonly #ready;
  readonly #diskSize;
  readonly #diskFree;

  constructor(registry: Registry) {
    const gauge = <const Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
      new Gauge({ name: `stocktake_${name}`, help, labelNames, registers: [registry] });
    this.#runs = gauge('runs', 'Runs that are open, by state.', 'state');
    this.#waiting = gauge('runs_waiting', 'Open runs that nobody works on: what each waits for.', 'for');
    this.#scanning = gauge('shards_scanning', 'Shards that threads are busy with.');
    this.#rules = gauge('rules', 'Rules, whether enabled or not.');
    this.#unlisted = gauge(
      'rules_unlisted',
      'Rules with a schedule that the metrics by rule leave out (limits.metricRules).',
    );
    this.#lastSuccess = gauge(
      'rule_last_success_timestamp_seconds',
      'When a run of the rule was last published, or found nothing to deliver.',
      'bucket',
      'rule',
    );
    this.#due = gauge('rule_due_timestamp_seconds', 'The next due time of the rule.', 'bucket', 'rule');
    this.#period = gauge('rule_period_seconds', 'The longest time between two due times.', 'bucket', 'rule');
    this.#changed = gauge(
      'rule_changed_timestamp_seconds',
      'When the rule was last put or switched on.',
      'bucket',
      'rule',
    );
    this.#deliveries = gauge('webhook_deliveries_pending', 'Events that a webhook is still to be told of.');
    this.#ready = gauge('ready', 'Whether the check of that name succeeds (GET /-/ready).', 'check');
    this.#diskSize = gauge('disk_size_bytes', 'Size of the disk that holds the data folder.');
    this.#diskFree = gauge('disk_free_bytes', 'Room that is left on it.');
  }

  /** What can't be told just now has no value. */
  set({ control, disk, ready, shardsScanning }: Figures): void {
    this.#scanning.set(shardsScanning);
    this.#ready.reset();
    for (const { name, isOk } of ready.checks) this.#ready.set({ check: name }, isOk ? 1 : 0);
    this.#setDisk(disk);
    this.#setControl(control);
  }

  #setDisk(disk: Figures['disk']): void {
    for (const gauge of [this.#diskSize, this.#diskFree]) gauge.remove();
    if (disk === undefined) return;
    this.#diskSize.set(disk.sizeBytes);
    this.#diskFree.set(disk.freeBytes);
  }

  #setControl(control: Figures['control']): void {
    for (const gauge of [this.#rules, this.#unlisted, this.#deliveries]) gauge.remove();
    for (const gauge of [this.#runs, this.#waiting]) gauge.reset();
    for (const gauge of [this.#lastSuccess, this.#due, this.#period, this.#changed]) gauge.reset();
    if (control === undefined) return;
    for (const [state, count] of Object.entries(control.openRuns)) this.#runs.set({ state }, count);
    this.#waiting.set({ for: 'turn' }, control.waitingForTurn);
    this.#waiting.set({ for: 'retry' }, control.waitingForRetry);
    this.#rules.set(control.rules);
    this.#unlisted.set(control.repeatingRules - control.watchedRules.length);
    this.#deliveries.set(control.pendingDeliveries);
    for (const { bucket, rule, ...facts } of control.watchedRules) {
      this.#due.set({ bucket, rule }, facts.nextDueAtMs / 1000);
      this.#period.set({ bucket, rule }, facts.periodMs / 1000);
      this.#changed.set({ bucket, rule }, facts.changedAtMs / 1000);
      if (facts.lastSuccessAtMs !== null) this.#lastSuccess.set({ bucket, rule }, facts.lastSuccessAtMs / 1000);
    }
  }
}
