/** A rule as JSON: the names of the XML elements, `Field` as a list, switches and numbers as such, all else as text. */

import { node, type XmlElement, type XmlNode } from '../core/xml.ts';

/** Of a rule as XML: as much as a server takes. */
export const RULE_LIMITS = { maxBytes: 64 * 1024, maxDepth: 16, maxElements: 1000 };

/** The only element that may occur more than once. */
const REPEATED = 'Field';
const ROOT = 'InventoryConfiguration';

const SWITCHES: ReadonlySet<string> = new Set(['IsEnabled', 'AutoDelete']);
const NUMBERS: ReadonlySet<string> = new Set([
  'DayOfMonth',
  'LastModifyBeginTimeStamp',
  'LastModifyEndTimeStamp',
  'LowerSizeBound',
  'UpperSizeBound',
]);

/** The XML tree of a JSON rule; the root may be given or left out. */
export function fromJson(text: string): XmlNode {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new Error(`The file is neither XML nor JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isObject(document)) throw new Error('A rule in JSON is an object, as in {"Id": "nightly", ...}.');
  const inner = document[ROOT];
  return node(ROOT, nodesOf(isObject(inner) ? inner : document, ROOT));
}

function nodesOf(object: Record<string, unknown>, path: string): XmlNode[] {
  return Object.entries(object).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((each) => nodeOf(name, each, `${path}/${name}`)),
  );
}

function nodeOf(name: string, value: unknown, path: string): XmlNode[] {
  if (value === null || value === undefined) return [];
  // A name that is no XML name would make a document that nobody can read.
  if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) throw new Error(`${path}: that is no name of an element.`);
  if (isObject(value)) return [node(name, nodesOf(value, path))];
  if (Array.isArray(value)) throw new Error(`${path}: a list within a list is no rule.`);
  return [node(name, String(value))];
}

/** The JSON of an element: a value, or an object of its children. */
export function toJson(element: XmlElement): unknown {
  if (element.children.length === 0) return textOrValue(element);
  const json: Record<string, unknown> = {};
  for (const each of element.children) {
    if (each.name === REPEATED) json[REPEATED] = [...((json[REPEATED] as unknown[] | undefined) ?? []), each.text];
    else json[each.name] = toJson(each);
  }
  return json;
}

/** What `nodeOf` writes as the same text again. */
function textOrValue({ name, text }: XmlElement): string | boolean | number {
  if (SWITCHES.has(name) && (text === 'true' || text === 'false')) return text === 'true';
  return NUMBERS.has(name) && /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
