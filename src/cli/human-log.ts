/** Log lines for a person at a terminal, in place of the JSON that machines get. */

import { Writable } from 'node:stream';

const HIDDEN = new Set(['level', 'time', 'pid', 'hostname', 'msg']);

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
  return [new Date(entry.time).toTimeString().slice(0, 8), entry.msg, ...facts].join(' ');
}
