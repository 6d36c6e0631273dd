import { expect, test } from 'vitest';
import { MAX_PARTS } from '../../core/limits.ts';
import { PART_LIST_LIMITS, parsePartList } from './part-list.ts';

const list = (parts: string) => Buffer.from(`<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`);
const part = (number: number | string, etag = 'A1') =>
  `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`;

test('parts come in the order of the document, and quotes around an ETag fall away', () => {
  expect(parsePartList(list(part(1, '"A1"') + part(7, '&quot;B2&quot;') + part(3, ' C3 ')))).toEqual([
    { partNumber: 1, etag: 'A1' },
    { partNumber: 7, etag: 'B2' },
    { partNumber: 3, etag: 'C3' },
  ]);
});

test('what is not asked for is passed over: a namespace, elements that clients add, the order within a part', () => {
  const body = `<?xml version="1.0"?><CompleteMultipartUpload xmlns="http://doc.oss-cn-hangzhou.aliyuncs.com">
    <Note/><Part><ETag>A1</ETag><Size>5</Size><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>`;
  expect(parsePartList(Buffer.from(body))).toEqual([{ partNumber: 1, etag: 'A1' }]);
});

test('as many parts as an upload can have fit into the bounds, even indented and with every quote escaped', () => {
  const etag = `&quot;${'A'.repeat(32)}&quot;`;
  const parts = Array.from({ length: MAX_PARTS }, (_, index) => `\n    ${part(index + 1, etag)}`);
  const body = list(parts.join(''));
  expect(body.length).toBeLessThan(PART_LIST_LIMITS.maxBytes / 2);
  expect(parsePartList(body)).toHaveLength(MAX_PARTS);
});

test.each([
  ['nothing', Buffer.alloc(0), 'must contain a root element'],
  ['no XML', Buffer.from('{}'), 'well-formed'],
  ['another root', Buffer.from(`<Complete>${part(1)}</Complete>`), '"Complete"'],
  ['no part', list(''), 'holds no Part'],
  ['one part too many', list(part(1).repeat(MAX_PARTS + 1)), '10001 parts where at most 10000'],
  ['a part without a number', list('<Part><ETag>A1</ETag></Part>'), 'PartNumber is ""'],
  ['part 0', list(part(0)), 'PartNumber is "0"'],
  ['part 10001', list(part(10_001)), 'PartNumber is "10001"'],
  ['a part number with a sign', list(part('+1')), 'PartNumber is "+1"'],
  ['a part number that is no integer', list(part('1.5')), 'PartNumber is "1.5"'],
  ['a part without an ETag', list('<Part><PartNumber>4</PartNumber></Part>'), 'Part 4 has no ETag'],
  ['a part with an empty ETag', list(part(4, '""')), 'Part 4 has no ETag'],
])('%s is malformed, in words that say where', (_what, body, words) => {
  expect(() => parsePartList(body)).toThrow(
    expect.objectContaining({ code: 'PartListMalformed', message: expect.stringContaining(words) }),
  );
});
