import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { childText, parseXml } from '../core/xml.ts';
import { formatJson, formatYaml, safeText, safeXml } from './terminal-text.ts';

/** ESC, CSI of one byte in other encodings, right-to-left override, line separator, a tag character. */
const ODD = '\u001b[31m\u009b2J\u202e\u2028\u{e0041}';
const TAB = 'a\tb\nc';

test('text for people shows no character that orders a terminal about, and keeps its lines', () => {
  expect(safeText(`${TAB}${ODD}é日😀\r`)).toBe(`${TAB}\uFFFD[31m\uFFFD2J\uFFFD\uFFFD\uFFFDé日😀\uFFFD`);
});

test.each<[string, (value: unknown) => string, (text: string) => unknown]>([
  ['JSON', (value: unknown) => formatJson(value, 2), (text) => JSON.parse(text)],
  ['YAML', formatYaml, (text) => parseYaml(text)],
])('%s escapes them, and says the same', (_, format, parse) => {
  const value = { [ODD]: [ODD, TAB, { deep: `x${ODD}`, plain: 'é日😀' }] };
  const text = format(value);
  expect(safeText(text)).toBe(text);
  expect(text).toContain('é日😀');
  expect(parse(text)).toEqual(value);
});

test('XML refers to them by number, and says the same', () => {
  const odd = ODD.replaceAll('\u001b', '');
  const text = safeXml(`<Rule><Prefix>${odd}é</Prefix></Rule>`);
  expect(safeText(text)).toBe(text);
  const limits = { maxBytes: 1000, maxDepth: 10, maxElements: 10 };
  expect(childText(parseXml(Buffer.from(text), limits), 'Prefix')).toBe(`${odd}é`);
});

test('whatever a document holds, YAML and JSON of it are safe to show and are read as it', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab:#- \n\t\'"\\', ...ODD) });
  fc.assert(
    fc.property(fc.dictionary(text, fc.array(text)), (value) => {
      for (const [shown, read] of [
        [formatJson(value), JSON.parse(formatJson(value))],
        [formatYaml(value), parseYaml(formatYaml(value))],
      ] as const) {
        expect(safeText(shown)).toBe(shown);
        expect(read).toEqual({ ...value });
      }
    }),
  );
});
