import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ProgressLine, printTable } from './output.ts';

const { isTTY, columns } = process.stderr;
let written = '';

beforeEach(() => {
  written = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += text.toString();
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(process.stderr, { isTTY, columns });
});

function shownAt(width: number | undefined, text: string): string {
  Object.assign(process.stderr, { isTTY: true, columns: width });
  new ProgressLine({ isJson: false }).show(text);
  return written;
}

test.each([0, undefined, 80])('a progress line is whole on a terminal that says its width is %s', (width) => {
  expect(shownAt(width, 'scanning: 7 objects')).toBe('\r\u001b[2Kscanning: 7 objects');
});

test('a progress line stays within its line', () => {
  expect(shownAt(10, 'scanning: 7 objects')).toBe('\r\u001b[2Kscanning:');
});

test('nothing is shown where nobody watches, or where a script reads', () => {
  Object.assign(process.stderr, { isTTY: undefined, columns: undefined });
  new ProgressLine({ isJson: false }).show('x');
  Object.assign(process.stderr, { isTTY: true });
  new ProgressLine({ isJson: true }).show('x');
  expect(written).toBe('');
});

test('columns align, whatever script their cells are in', () => {
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  printTable(
    ['RULE', 'PREFIX', 'DESTINATION'],
    [
      ['nightly', '照片/2026/', 'reports'],
      ['e\u0301te\u0301', 'photos/', 'reports'],
    ],
  );
  expect(out.mock.calls.map(([line]) => line)).toEqual([
    'RULE     PREFIX      DESTINATION\n',
    'nightly  照片/2026/  reports\n',
    'e\u0301te\u0301      photos/     reports\n',
  ]);
});
