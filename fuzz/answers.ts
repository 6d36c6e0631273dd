/** Reads what a server sent over one connection as HTTP/1.1, and says what is wrong with it. */

const KNOWN: ReadonlySet<number> = new Set([
  100, 200, 201, 202, 204, 206, 304, 400, 403, 404, 405, 409, 411, 412, 413, 414, 416, 417, 431,
]);

export interface Answers {
  readonly statuses: readonly number[];
  readonly problems: readonly string[];
}

/** `mayLackBodies`: some of the requests may have been HEAD, whose answers have a length and no body. */
export function readAnswers(received: Buffer, mayLackBodies: boolean): Answers {
  const statuses: number[] = [];
  const problems: string[] = [];
  const text = received.toString('latin1');
  let at = 0;
  while (at < text.length) {
    const head = /^HTTP\/1\.1 (\d{3}) [ -~]*\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*\r\n)*)\r\n/.exec(
      text.slice(at),
    );
    if (head === null) {
      problems.push(
        `no answer of HTTP begins at byte ${at} of ${text.length}: ${JSON.stringify(text.slice(at, at + 80))}`,
      );
      break;
    }
    const status = Number(head[1]);
    statuses.push(status);
    if (!KNOWN.has(status)) problems.push(`the status ${status} is none that was expected`);
    at += head[0].length;
    const length = bodyLength(text.slice(at), status, head[2] ?? '');
    if (length === undefined) problems.push(`the body of an answer with the status ${status} is cut short`);
    if (mayLackBodies && /^(?:HTTP\/1\.1 |$)/.test(text.slice(at))) continue;
    at += length ?? text.length;
  }
  return {
    statuses,
    problems: mayLackBodies ? problems.filter((problem) => !problem.includes('cut short')) : problems,
  };
}

function bodyLength(rest: string, status: number, headers: string): number | undefined {
  if (status < 200 || status === 204 || status === 304) return 0;
  if (/^transfer-encoding: chunked\r$/im.test(headers)) return chunksLength(rest);
  const length = /^content-length: (\d+)\r$/im.exec(headers)?.[1];
  if (length === undefined) return rest.length;
  return Number(length) <= rest.length ? Number(length) : undefined;
}

function chunksLength(rest: string): number | undefined {
  for (let at = 0; ; ) {
    const size = /^([0-9a-f]+)\r\n/i.exec(rest.slice(at, at + 20));
    if (size === null) return undefined;
    const length = Number.parseInt(size[1] ?? '', 16);
    at += size[0].length + length;
    if (rest.slice(at, at + 2) !== '\r\n') return undefined;
    at += 2;
    if (length === 0) return at;
  }
}
