import { rename, writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { type AccessFlags, withAccess, withAccountOptions } from './access-client.ts';
import { formatCounted, note, printJson, say } from './output.ts';
import { readDocument } from './read-input.ts';
import { formatJson, formatYaml } from './terminal-text.ts';

export function addDocumentCommands(access: Command): void {
  withAccountOptions(access.command('export'))
    .description("write an account's users, roles and policies as one document, without secrets")
    .addOption(new Option('--format <format>', 'yaml unless --json is given').choices(['yaml', 'json']))
    .option('--out <file>', 'write it to a file instead of stdout')
    .addHelpText('after', '\nExample:\n  $ stocktake access export --out access.yaml')
    .action(exportAccess);
  withAccountOptions(access.command('apply <file>'))
    .alias('import')
    .description('bring users, roles and policies to what a document says, all of it or nothing')
    .option('--prune', 'delete what the document does not name, users with their access keys', false)
    .option('--dry-run', 'show the changes, and make none', false)
    .addHelpText(
      'after',
      `
The document is in YAML or JSON ("-" is standard input), as "access export" writes it:

  policies:
    - name: rules-of-photos
      document:
        Version: "1"
        Statement:
          - { Effect: Allow, Action: "oss:*BucketInventory", Resource: "acs:oss:*:*:photos" }
  users:
    - name: anna
      policies: [rules-of-photos]
  roles:
    - name: inventory-writer
      trust: oss.aliyuncs.com
      policies: [AliyunOSSFullAccess]

What it names becomes just as it says, the attached policies too. A user and an access key stay enabled or disabled
where it says nothing about it. No access key is made by it, and one goes only with its user. Applying it again changes
nothing.

Examples:
  $ stocktake access apply access.yaml --dry-run
  $ stocktake access apply access.yaml --prune`,
    )
    .action(apply);
}

interface ExportFlags extends AccessFlags {
  readonly format?: 'yaml' | 'json';
  readonly out?: string;
}

async function exportAccess({ format, out, ...flags }: ExportFlags): Promise<void> {
  const document = await withAccess(flags, (access) => access.get<object>('export'));
  const isJson = format === undefined ? flags.json : format === 'json';
  const text = isJson ? `${formatJson(document, 2)}\n` : formatYaml(document);
  if (out === undefined) {
    process.stdout.write(text);
    return;
  }
  // Whole or not at all: a document that is cut short would prune what it lost.
  try {
    await writeFile(`${out}.part`, text);
    await rename(`${out}.part`, out);
  } catch (cause) {
    throw new Error(`The document can't be written to "${out}": ${(cause as Error).message}`, { cause });
  }
  if (flags.json) printJson({ file: out });
  else say(`The access document is in ${out}.`);
}

/** What the server answers to `apply`. */
interface Applied {
  readonly changes: readonly {
    readonly words: string;
    readonly fields: Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>>;
  }[];
  readonly absentKeys: readonly { readonly user: string; readonly id: string }[];
  readonly applied: boolean;
  /** What in the policies does nothing. */
  readonly warnings: readonly string[];
}

interface ApplyFlags extends AccessFlags {
  readonly prune: boolean;
  readonly dryRun: boolean;
}

async function apply(file: string, { prune, dryRun, ...flags }: ApplyFlags): Promise<void> {
  const document = await readDocument(file, 'the access document');
  const applied = await withAccess(flags, (access) => access.post<Applied>(['apply'], { document, prune, dryRun }));
  if (flags.json) printJson(applied);
  else describe(applied);
  for (const warning of applied.warnings) note(`warning: ${warning}`);
  for (const { user, id } of applied.absentKeys) {
    note(
      `The document names the access key ${id} of user "${user}", which is not there, and no document can make one. Make another with: stocktake access key create ${user}`,
    );
  }
}

function describe({ changes, applied }: Applied): void {
  const count = formatCounted(changes.length, 'change');
  if (changes.length === 0) say(`${count}: everything is as the document says.`);
  else say(applied ? `${count} made:` : `${count} to make:`);
  for (const { words, fields } of changes) {
    say(`  ${words}`);
    for (const [name, { before, after }] of Object.entries(fields)) sayField(name, before, after);
  }
}

/** Values that are long stand below each other, where what differs meets the eye. */
const MAX_LINE = 120;

function sayField(name: string, before: unknown, after: unknown): void {
  if (before === null && after === '') return;
  const [from, to] = [formatJson(before), formatJson(after)];
  const line = before === null ? `${name}: ${to}` : `${name}: ${from} -> ${to}`;
  if (before === null || line.length <= MAX_LINE) {
    say(`    ${line}`);
  } else {
    say(`    ${name}: ${from}`);
    say(`    ${'->'.padStart(name.length + 1)} ${to}`);
  }
}
