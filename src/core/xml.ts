/**
 * XML as the wire needs it and no more: elements, their text, and bounds. A document is small (a rule, a list of
 * keys to delete), so it is read whole into a tree; what makes XML parsers dangerous (document types, entities of
 * one's own, unbounded nesting) is refused instead of handled. Attributes, comments and processing instructions
 * carry nothing in this API and are passed over.
 */
import { SaxesParser } from 'saxes';
import { DomainError } from './errors.ts';
import { printable } from './printable.ts';

/** One element as it was read. `name` is the local name, and `text` its own character data, neither trimmed nor
 *  including that of its children. */
export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** What a document may cost at most; beyond it is refused like any other malformed body. */
export interface XmlLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly maxElements: number;
}

/** Reads a document and answers its root, or throws `MalformedXml` saying what is wrong and where. The bytes are
 *  read as UTF-8 whatever the declaration names, since that is what the clients of this API send. */
export function parseXml(bytes: Uint8Array, limits: XmlLimits): XmlElement {
  if (bytes.byteLength > limits.maxBytes) {
    throw malformed(`The XML is ${bytes.byteLength} bytes long; at most ${limits.maxBytes} are accepted`);
  }
  return buildTree(decodeUtf8(bytes), limits);
}

/** The first child of that name: where an element may occur once, a repetition is passed over. */
export function child(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((candidate) => candidate.name === name);
}

/** Every child of that name, in document order. */
export function childrenNamed(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((candidate) => candidate.name === name);
}

/** The text of the first child of that name; undefined when there is none, empty when it is empty. */
export function childText(element: XmlElement, name: string): string | undefined {
  return child(element, name)?.text;
}

/** What an element to be written holds: text, or further elements. */
export type XmlContent = string | readonly XmlNode[];

/** An element to be written. Its name comes from our own code and is not escaped. */
export interface XmlNode {
  readonly name: string;
  readonly content: XmlContent;
}

/** An element with its content; without any it is written as an empty element. */
export function node(name: string, content: XmlContent = ''): XmlNode {
  return { name, content };
}

/** Writes a document in the layout of the original's answers: a declaration, two blanks of indent, text inline,
 *  `<Empty/>`, a line feed at the end. */
export function renderXml(root: XmlNode): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${renderNode(root, '')}`;
}

interface GrowingElement extends XmlElement {
  readonly children: GrowingElement[];
  text: string;
}

function buildTree(text: string, limits: XmlLimits): XmlElement {
  // XML 1.1 is read as 1.0: it would let in control characters that our answers could not carry back.
  const parser = new SaxesParser({ xmlns: false, forceXMLVersion: true, defaultXMLVersion: '1.0' });
  const refuse = (what: string): never => {
    throw malformed(`${what} (line ${parser.line}, column ${parser.column})`);
  };
  const open: GrowingElement[] = [];
  let root: GrowingElement | undefined;
  let elementCount = 0;

  parser.on('doctype', () => refuse('A document type declaration is not accepted'));
  parser.on('opentag', (tag) => {
    elementCount += 1;
    if (elementCount > limits.maxElements) refuse(`More than ${limits.maxElements} elements`);
    if (open.length >= limits.maxDepth) refuse(`Elements nested more than ${limits.maxDepth} deep`);
    const element: GrowingElement = { name: localName(tag.name), children: [], text: '' };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => {
    open.pop();
  });
  const append = (characters: string): void => {
    const parent = open.at(-1);
    if (parent !== undefined) parent.text += characters;
  };
  parser.on('text', append);
  parser.on('cdata', append);

  try {
    parser.write(text).close();
  } catch (error) {
    if (error instanceof DomainError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw malformed(`The XML is not well-formed: ${printable(reason)}`, error);
  }
  return root ?? refuse('The XML holds no element');
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw malformed('The XML is not valid UTF-8', error);
  }
}

function localName(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1);
}

function malformed(message: string, cause?: unknown): DomainError {
  return new DomainError('MalformedXml', message, {}, { cause });
}

function renderNode({ name, content }: XmlNode, indent: string): string {
  if (content.length === 0) return `${indent}<${name}/>\n`;
  if (typeof content === 'string') return `${indent}<${name}>${escapeText(content)}</${name}>\n`;
  let inner = '';
  for (const below of content) inner += renderNode(below, `${indent}  `);
  return `${indent}<${name}>\n${inner}${indent}</${name}>\n`;
}

/** What can't stand in text as it is: markup, and all that lies outside the `Char` production of XML 1.0. A
 *  carriage return is legal but every parser would read it back as a line feed. */
const needsEscape = /[&<>]|[^\t\n\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

function escapeText(text: string): string {
  return text.replace(needsEscape, (character) => {
    switch (character) {
      case '&':
        return '&amp;';
      case '<':
        return '&lt;';
      case '>':
        return '&gt;';
      case '\r':
        return '&#13;';
      default:
        return '\uFFFD';
    }
  });
}
