/** The dashboard, the alerts and the guide, held against the metrics that there are. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { Metrics } from '../src/telemetry/metrics.ts';

const read = (path: string) => readFileSync(new URL(`../docs/${path}`, import.meta.url), 'utf8');
const guide = read('guide/monitoring.md');
const alerts = parseYaml(read('monitoring/alerts.yml')) as {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
};
const alertTests = parseYaml(read('monitoring/alerts-test.yml')) as {
  readonly tests: readonly {
    readonly input_series: readonly { readonly series: string }[];
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
  }[];
};
const dashboard = JSON.parse(read('monitoring/grafana-dashboard.json')) as Dashboard;

interface Dashboard {
  readonly schemaVersion: number;
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly gridPos: { readonly x: number; readonly w: number };
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

interface Family {
  readonly name: string;
  readonly type: string;
}

/** What the server would tell, by the names of it. */
async function families(): Promise<Family[]> {
  const ready = { status: 'ready', checks: [] } as const;
  const text = await new Metrics('1').text({ ready, shardsScanning: 0 });
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
}

/** The names that stand in an expression of Prometheus' language; a histogram has three for its series. */
async function seriesNames(): Promise<Set<string>> {
  const names = (await families()).flatMap(({ name, type }) =>
    type === 'histogram' ? ['_bucket', '_count', '_sum'].map((tail) => name + tail) : [name],
  );
  return new Set([...names, 'up']);
}

function metricsIn(expression: string): string[] {
  const bare = expression.replace(/"[^"]*"/g, '""').replace(/\b(?:by|on) \([^)]*\)/g, '');
  return bare.match(/\b(?:stocktake|process|nodejs)_\w+|\bup\b/g) ?? [];
}

const rules = alerts.groups.flatMap((group) => group.rules);

test('the dashboard, the alerts and their tests name no metric that the server does not tell', async () => {
  const known = await seriesNames();
  const expressions = [
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...rules.map(({ expr }) => expr),
    ...alertTests.tests.flatMap(({ input_series }) => input_series.map(({ series }) => series)),
  ];
  expect(expressions.length).toBeGreaterThan(50);
  for (const expression of expressions) {
    const names = metricsIn(expression);
    expect(names, expression).not.toEqual([]);
    expect(
      names.filter((name) => !known.has(name)),
      expression,
    ).toEqual([]);
  }
});

test('the guide has a line for each metric of ours, and for no other', async () => {
  const ours = (await families()).map(({ name }) => name).filter((name) => name.startsWith('stocktake_'));
  const rows = guide.split('\n').filter((line) => line.startsWith('| `stocktake_'));
  const told = rows.flatMap((row) => row.split('|')[1]?.match(/stocktake_\w+/g) ?? []);
  expect(told.sort()).toEqual(ours.sort());
});

test('each alert is in the guide, and its tests raise it once and leave it out once', () => {
  expect(rules.length).toBeGreaterThan(5);
  const tries = alertTests.tests.flatMap(({ alert_rule_test }) => alert_rule_test);
  for (const { alert } of rules) {
    expect(guide, alert).toContain(`\`${alert}\``);
    const outcomes = tries
      .filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts }) => exp_alerts.length > 0);
    expect(new Set(outcomes), alert).toEqual(new Set([true, false]));
  }
});

test('the dashboard is one that Grafana 11 lays out: panels with ids of their own, inside its 24 columns', () => {
  expect(dashboard.schemaVersion).toBe(39);
  const ids = dashboard.panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { id, type, gridPos, targets = [] } of dashboard.panels) {
    expect(gridPos.x + gridPos.w, String(id)).toBeLessThanOrEqual(24);
    if (type !== 'row') expect(targets.length, String(id)).toBeGreaterThan(0);
  }
});
