/** Log lines for a person at a terminal, in place of the JSON that machines get. */

import { Writable } from 'node:stream';
import { printable } from '../core/printable.ts';

const HIDDEN = new Set(['level', 'time', 'pid', 'hostname', 'msg']);

/** A stack with its causes has room; what a client sent, if it gets this far, orders no terminal about. */
const MAX_CHARACTERS = 10_000;

export function humanLog(): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      process.stderr.write(`${toLine(chunk.toString())}\n`);
      done();
    },
  });
}

function toLine(json: string): string {
  const entry = JSON.parse(json) as Record<string, unknown> & { time: number; msg: string };
  const facts = Object.entries(entry)
    .filter(([name]) => !HIDDEN.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const line = [new Date(entry.time).toTimeString().slice(0, 8), entry.msg, ...facts].join(' ');
  return printable(line, MAX_CHARACTERS);
}
