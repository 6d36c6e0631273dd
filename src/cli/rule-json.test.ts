import { expect, test } from 'vitest';
import { node, parseXml, renderXml } from '../core/xml.ts';
import { fromJson, RULE_LIMITS, toJson } from './rule-json.ts';

test('a rule in JSON has switches and numbers that a script can ask, and comes back as the same XML', () => {
  const xml = renderXml(
    node('InventoryConfiguration', [
      node('Id', 'true'),
      node('IsEnabled', 'false'),
      node('Schedule', [node('Frequency', 'Monthly'), node('DayOfMonth', '31'), node('AutoDelete', 'true')]),
      node('Filter', [node('Prefix', '2026'), node('LowerSizeBound', '0'), node('UpperSizeBound', '1048576')]),
      node('OptionalFields', [node('Field', 'Size')]),
    ]),
  );
  const json = toJson(parseXml(Buffer.from(xml), RULE_LIMITS));
  expect(json).toEqual({
    Id: 'true',
    IsEnabled: false,
    Schedule: { Frequency: 'Monthly', DayOfMonth: 31, AutoDelete: true },
    Filter: { Prefix: '2026', LowerSizeBound: 0, UpperSizeBound: 1_048_576 },
    OptionalFields: { Field: ['Size'] },
  });
  expect(renderXml(fromJson(JSON.stringify(json)))).toBe(xml);
});

test.each(['yes', '007', '1e3', '12345678901234567890', ''])('the text %j stays as it is', (text) => {
  const rule = parseXml(
    Buffer.from(renderXml(node('R', [node('IsEnabled', text), node('DayOfMonth', text)]))),
    RULE_LIMITS,
  );
  expect(toJson(rule)).toEqual({ IsEnabled: text, DayOfMonth: text });
});
