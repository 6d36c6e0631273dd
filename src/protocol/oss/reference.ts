/** The reference pages that say what the wire speaks, made from the tables it is served by. */

import { markdownTable } from '../../core/markdown-table.ts';
import { ERROR_TABLE } from './error-table.ts';
import type { Operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';

/** The pages by their file names in `docs/reference/`. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['compatibility.md', compatibilityPage()],
    ['errors.md', errorsPage()],
  ]);
}

const MADE_BY = 'This page is printed from the tables that requests are served by: `npm run docs`.';

function compatibilityPage(): string {
  const served = OPERATIONS.filter(({ handle }) => handle !== undefined);
  const unserved = OPERATIONS.filter(({ handle }) => handle === undefined);
  return page('Compatibility', [
    `${MADE_BY} What was chosen where the original's`,
    'behaviour is unconfirmed, and on what evidence, is in [Compatibility: choices](compatibility-choices.md).',
    '',
    'An operation is recognised by its method, by the level it addresses (service, bucket or object), and by the query keys',
    'or the header given here. It runs with the permission in the fifth column on what the sixth names, and with those in',
    'the last where they apply. Who has which is in [Operations by identity](access.md).',
    '',
    '## Served',
    '',
    ...operationTable(served.filter(({ isOurs }) => !isOurs)),
    '',
    '## Our additions',
    '',
    'They accept V4 signatures only, because V1 leaves their query keys unsigned. See [Runs over HTTP](runs.md).',
    '',
    ...operationTable(served.filter(({ isOurs }) => isOurs)),
    '',
    '## Known and not served',
    '',
    'These answer 400 `NotImplemented` once their permission is given, and change nothing.',
    '',
    ...operationTable(unserved),
  ]);
}

function errorsPage(): string {
  const rows = Object.entries(ERROR_TABLE).map(([ours, { status, code, ec }]) => [
    `\`${code}\``,
    String(status),
    ec === undefined ? '' : `\`${ec}\``,
    `\`${ours}\``,
  ]);
  return page('Errors', [
    MADE_BY,
    '',
    'Every error is an XML document with `Code`, `Message`, `RequestId` and `HostId`, and `EC` where the original numbers the',
    'case; the header `x-oss-ec` repeats it. Answers to HEAD carry the document in `x-oss-err`, in base64. Messages say what is',
    'wrong with which value and what would be accepted. The last column is our own name of the case, as in the source code and',
    'in the `reason` of a failed run.',
    '',
    ...markdownTable(['Code', 'HTTP', 'EC', 'Case'], rows),
  ]);
}

function operationTable(operations: readonly Operation[]): string[] {
  return markdownTable(
    ['Operation', 'Method', 'Level', 'Selected by', 'Permission', 'On', 'Besides'],
    operations.map((operation) => [
      operation.name,
      operation.method,
      operation.level,
      selectorOf(operation),
      `\`${operation.action}\``,
      RESOURCES[operation.resource],
      (operation.also ?? []).map(({ action, on }) => `\`${action}\` on ${on}`).join('; '),
    ]),
  );
}

const RESOURCES: Readonly<Record<Operation['resource'], string>> = {
  service: 'the account',
  bucket: 'the bucket',
  object: 'the object',
  objects: 'each object that the body names',
};

function selectorOf({ subresource, with: needed = [], header }: Operation): string {
  const keys = [...(subresource === undefined ? [] : [subresource]), ...needed];
  const query = keys.length === 0 ? [] : [`\`?${keys.join('&')}\``];
  return [...query, ...(header === undefined ? [] : [`header \`${header}\``])].join(', ');
}

function page(title: string, lines: readonly string[]): string {
  return `# ${title}\n\n${lines.join('\n')}\n`;
}
