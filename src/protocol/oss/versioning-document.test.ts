import { expect, test } from 'vitest';
import { parseXml, renderXml } from '../../core/xml.ts';
import { readVersioning, versioningNode } from './versioning-document.ts';

const read = (document: string) =>
  readVersioning(parseXml(Buffer.from(document), { maxBytes: 1_000, maxDepth: 8, maxElements: 10 }));
const configuration = (inner: string) => `<VersioningConfiguration>${inner}</VersioningConfiguration>`;

test.each(['Enabled', 'Suspended'] as const)('%s is read and written', (versioning) => {
  expect(read(configuration(`<Status>\n${versioning}\n</Status>`))).toBe(versioning);
  expect(read(renderXml(versioningNode(versioning)))).toBe(versioning);
});

test('never set is an empty document', () => {
  expect(renderXml(versioningNode(undefined))).toContain('<VersioningConfiguration/>');
});

test.each([
  ['', 'InvalidArgument', 'The Versioning element must be specified.'],
  ['<Status/>', 'InvalidArgument', 'The Versioning element must be specified.'],
  // oss2 sends these two for "no status" and "disabled", and expects MalformedXML.
  ['<Status>None</Status>', 'MalformedXml', '"None" where Enabled, Suspended are accepted'],
  ['<Status>Disabled</Status>', 'MalformedXml', '"Disabled"'],
  ['<Status>enabled</Status>', 'MalformedXml', '"enabled"'],
])('a configuration of "%s" is %s', (inner, code, words) => {
  expect(() => read(configuration(inner))).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(words) }),
  );
});
