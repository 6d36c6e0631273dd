import { expect, test } from 'vitest';
import { parseXml, renderXml } from '../../core/xml.ts';
import { readTagging, taggingNode } from './tagging-document.ts';

const read = (document: string) =>
  readTagging(parseXml(Buffer.from(document), { maxBytes: 10_000, maxDepth: 8, maxElements: 100 }));

test('tags come in the order of the document, blanks and all', () => {
  const document = `<Tagging><TagSet>
    <Tag><Value>1 </Value><Key>b b</Key></Tag><Tag><Key>a</Key><Value/></Tag><Tag><Key>c</Key></Tag>
    </TagSet></Tagging>`;
  expect(read(document)).toEqual([
    { key: 'b b', value: '1 ' },
    { key: 'a', value: '' },
    { key: 'c', value: '' },
  ]);
});

test('what is written is read back', () => {
  const tags = [
    { key: 'team', value: 'a&b <c>' },
    { key: '名', value: '' },
  ];
  expect(read(renderXml(taggingNode(tags)))).toEqual(tags);
});

test('no tags are an empty set', () => {
  expect(read(renderXml(taggingNode([])))).toEqual([]);
});

test.each([
  ['no TagSet', '<Tagging/>', 'Tagging has no TagSet'],
  ['a Tag without a Key', '<Tagging><TagSet><Tag><Value>1</Value></Tag></TagSet></Tagging>', 'has no Key'],
])('%s is malformed', (_what, document, words) => {
  expect(() => read(document)).toThrow(
    expect.objectContaining({ code: 'MalformedXml', message: expect.stringContaining(words) }),
  );
});
