import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DomainError } from './errors.ts';
import { child, childrenNamed, childText, node, parseXml, renderXml, type XmlElement, type XmlNode } from './xml.ts';

const limits = { maxBytes: 1_000_000, maxDepth: 20, maxElements: 10_000 };
const parse = (text: string): XmlElement => parseXml(Buffer.from(text), limits);

function refusal(action: () => unknown): DomainError {
  try {
    action();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw new Error('threw something else than a DomainError', { cause: error });
  }
  throw new Error('was accepted');
}

test('a document becomes elements, children in order and text as it was written', () => {
  const root = parse('<a> one<b>1</b>two <b/><c>&lt;&#x4e2d;<![CDATA[<&>]]></c></a>');
  expect(root.name).toBe('a');
  expect(root.text).toBe(' onetwo ');
  expect(childText(root, 'b')).toBe('1');
  expect(childrenNamed(root, 'b').map((b) => b.text)).toEqual(['1', '']);
  expect(childText(root, 'c')).toBe('<中<&>');
  expect(child(root, 'd')).toBeUndefined();
  expect(childText(root, 'd')).toBeUndefined();
});

test('elements go by their local name, whatever namespace they are in', () => {
  const root = parse('<o:a xmlns:o="http://example.com/o" xmlns="http://example.com/"><o:b>1</o:b><x:c/></o:a>');
  expect(root.name).toBe('a');
  expect(root.children.map((each) => each.name)).toEqual(['b', 'c']);
});

test('a byte order mark, comments, attributes and processing instructions are passed over', () => {
  const root = parse(
    '\uFEFF<?xml version="1.0" encoding="UTF-8"?><!-- hi --><?go on?><a x="1">t<!-- in -->u<?p?></a>\n',
  );
  expect(root).toEqual({ name: 'a', children: [], text: 'tu' });
});

test.each([
  ['nothing at all', ''],
  ['no element', '<?xml version="1.0"?>'],
  ['an open element', '<a><b></a>'],
  ['two roots', '<a/><b/>'],
  ['text beside the root', '<a/>x'],
  ['a bare ampersand', '<a>x & y</a>'],
  ['an entity nobody defined', '<a>&nbsp;</a>'],
  ['an entity named like a property of every object', '<a>&toString;</a>'],
  ['a character reference XML has no character for', '<a>&#0;</a>'],
  ['a control character', '<a>\u0001</a>'],
  ['a control character that only XML 1.1 would allow', '<?xml version="1.1"?><a>&#1;</a>'],
  ['a document type', '<!DOCTYPE a><a/>'],
  ['an entity bomb', '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>'],
  ['an entity from a file', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
])('%s is refused as MalformedXml', (_what, text) => {
  expect(refusal(() => parse(text)).code).toBe('MalformedXml');
});

test('bytes that are not UTF-8 are refused', () => {
  const bytes = Buffer.from([...Buffer.from('<a>'), 0xc0, 0xaf, ...Buffer.from('</a>')]);
  expect(refusal(() => parseXml(bytes, limits)).message).toBe('The XML is not valid UTF-8');
});

test('a refusal says what is wrong and where, and keeps its cause', () => {
  const error = refusal(() => parse('<a>\n  <b></c></a>'));
  expect(error.message).toBe('The XML is not well-formed: 2:9: unexpected close tag.');
  expect(error.cause).toBeInstanceOf(Error);
});

test('each bound is the last accepted size', () => {
  const nested = '<a><b><c/></b></a>';
  const tight = { maxBytes: nested.length, maxDepth: 3, maxElements: 3 };
  expect(parseXml(Buffer.from(nested), tight).name).toBe('a');
  const refused = (change: Partial<typeof tight>) =>
    refusal(() => parseXml(Buffer.from(nested), { ...tight, ...change })).message;
  expect(refused({ maxBytes: nested.length - 1 })).toContain('at most 17 are accepted');
  expect(refused({ maxDepth: 2 })).toContain('Elements nested more than 2 deep (line 1');
  expect(refused({ maxElements: 2 })).toContain('More than 2 elements (line 1');
});

test('whatever the bytes, the parser answers with a tree or a DomainError', () => {
  const markup = fc.constantFrom(
    '<',
    '</',
    '>',
    '/>',
    '<a',
    'a',
    '&',
    ';',
    '#',
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '"',
  );
  const soup = fc.array(fc.oneof(markup, fc.string({ unit: 'binary' })), { maxLength: 40 });
  fc.assert(
    fc.property(soup, (parts) => settles(Buffer.from(parts.join('')))),
    { numRuns: 2_000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => settles(bytes)));
});

test('whatever is done to a real document, the parser answers with a tree or a DomainError', () => {
  const folder = fileURLToPath(new URL('../../test/vectors/inventory/', import.meta.url));
  const files = readdirSync(folder).filter((name) => name.endsWith('.request.xml'));
  const documents = files.map((name) => readFileSync(folder + name));
  const mutation = fc.record({ at: fc.nat(), remove: fc.nat(8), insert: fc.uint8Array({ maxLength: 8 }) });
  fc.assert(
    fc.property(
      fc.constantFrom(...documents),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      (bytes, mutations) => {
        settles(mutations.reduce(mutate, bytes));
      },
    ),
    { numRuns: 1_000 },
  );
});

function settles(bytes: Uint8Array): void {
  try {
    parseXml(bytes, limits);
  } catch (error) {
    expect(error).toBeInstanceOf(DomainError);
  }
}

function mutate(bytes: Buffer, change: { at: number; remove: number; insert: Uint8Array }): Buffer {
  const at = change.at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), change.insert, bytes.subarray(at + change.remove)]);
}

test('a document is written with two blanks of indent, text inline and empty elements closed at once', () => {
  const root = node('A', [node('B', 'x'), node('C'), node('D', [node('E', '')]), node('F', [])]);
  expect(renderXml(root)).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<A>\n  <B>x</B>\n  <C/>\n  <D>\n    <E/>\n  </D>\n  <F/>\n</A>\n',
  );
});

test('markup in text is escaped, and what XML cannot carry becomes U+FFFD', () => {
  const written = renderXml(node('A', 'a<b>&"\'\t\n\r\u0000\u001F\uD800x\uDC00\uFFFE\uFFFF😀'));
  expect(written.split('\n').slice(1).join('\n')).toBe(
    '<A>a&lt;b&gt;&amp;"\'\t\n&#13;\uFFFD\uFFFD\uFFFDx\uFFFD\uFFFD\uFFFD😀</A>\n',
  );
});

test('any text that is written reads back as itself, but for the characters XML cannot carry', () => {
  const text = fc.string({ unit: fc.oneof(fc.string({ unit: 'binary', maxLength: 2 }), anyCodeUnit), maxLength: 50 });
  fc.assert(
    fc.property(text, (given) => {
      expect(parse(renderXml(node('A', [node('B', given)]))).children[0]?.text).toBe(asXmlCarries(given));
    }),
    { numRuns: 2_000 },
  );
});

interface Tree {
  readonly name: string;
  readonly below: readonly Tree[] | string;
}

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.record({
    name: fc.constantFrom('A', 'Key', 'x-y', 'Ünt'),
    below: fc.oneof(
      { depthSize: 'small' },
      fc.string({ unit: 'binary', maxLength: 10 }),
      fc.array(tie('tree'), { maxLength: 4 }),
    ),
  }),
}));
const asNode = ({ name, below }: Tree): XmlNode => node(name, typeof below === 'string' ? below : below.map(asNode));
const sizeOf = ({ below }: Tree): { readonly depth: number; readonly elements: number } => {
  const sizes = typeof below === 'string' ? [] : below.map(sizeOf);
  return {
    depth: 1 + Math.max(0, ...sizes.map(({ depth }) => depth)),
    elements: 1 + sizes.reduce((sum, { elements }) => sum + elements, 0),
  };
};

test('law: any tree that is written is read back as itself', () => {
  const expectSame = (read: XmlElement, { name, below }: Tree): void => {
    expect(read.name).toBe(name);
    if (typeof below === 'string') {
      expect([read.text, read.children]).toEqual([asXmlCarries(below), []]);
    } else {
      expect(read.text.trim()).toBe('');
      expect(read.children).toHaveLength(below.length);
      for (const [at, each] of read.children.entries()) expectSame(each, below[at] ?? { name: 'none', below: '' });
    }
  };
  fc.assert(fc.property(tree, (given) => expectSame(parse(renderXml(asNode(given))), given)));
});

test('law: a tree is read when it keeps all three bounds, and else refused', () => {
  fc.assert(
    fc.property(tree, fc.nat(5), fc.nat(8), fc.nat(400), (given, maxDepth, maxElements, maxBytes) => {
      const bytes = Buffer.from(renderXml(asNode(given)));
      const { depth, elements } = sizeOf(given);
      const isWithin = depth <= maxDepth && elements <= maxElements && bytes.length <= maxBytes;
      const read = () => parseXml(bytes, { maxDepth, maxElements, maxBytes });
      if (isWithin) expect(read().name).toBe(given.name);
      else expect(refusal(read).code).toBe('MalformedXml');
    }),
    { numRuns: 500 },
  );
});

test('law: nobody defines an entity, whatever its name and what it stands for', () => {
  const name = fc.constantFrom('a', 'lt', 'amp', 'quot', '__proto__', '%b', 'xml');
  const value = fc.oneof(
    fc.constantFrom('"b"', '"&a;&a;"', 'SYSTEM "file:///etc/passwd"', 'PUBLIC "" "http://a/"'),
    fc.string(),
  );
  fc.assert(
    fc.property(name, value, (named, stands) => {
      const text = `<!DOCTYPE a [<!ENTITY ${named} ${stands}>]><a>&${named.replace('%', '')};</a>`;
      expect(refusal(() => parse(text)).code).toBe('MalformedXml');
    }),
  );
});

const anyCodeUnit = fc.nat(0xffff).map((unit) => String.fromCharCode(unit));

function asXmlCarries(text: string): string {
  const carried = (code: number) =>
    code === 9 || code === 10 || code === 13 || (code >= 32 && code !== 0xfffe && code !== 0xffff);
  const characters = Array.from(text.toWellFormed());
  return characters.map((each) => (carried(each.codePointAt(0) ?? 0) ? each : '\uFFFD')).join('');
}
