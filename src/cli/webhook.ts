import type { Command } from 'commander';
import {
  type NewWebhookView,
  WEBHOOK_EVENTS,
  WEBHOOK_LIMITS,
  type WebhookEvent,
  type WebhookSettings,
  type WebhookView,
} from '../core/webhook.ts';
import { type AccessClient, type AccessFlags, withAccountOptions, withWebhooks } from './access-client.ts';
import { collectValues } from './access-options.ts';
import { formatMinute, printFacts, printJson, printTable, say } from './output.ts';
import { UsageError, wholeNumber } from './usage-error.ts';
import { addDeliveryCommands } from './webhook-delivery.ts';

const EXAMPLE_ID = 'wh-0123456789abcdef';

export function addWebhookCommands(program: Command): void {
  const webhook = program
    .command('webhook')
    .description('tell other programs how runs end, by a signed request to a URL of theirs')
    .helpCommand(false);
  const example = (words: string) => `\nExample:\n  $ stocktake webhook ${words}`;
  withSettings(withAccountOptions(webhook.command('create <url>')))
    .description('make a webhook, and show its secret this once')
    .addHelpText('after', example('create https://hooks.example.com/stocktake --bucket photos --event run.failed'))
    .action(create);
  withAccountOptions(webhook.command('list'))
    .description('list the webhooks of an account')
    .addHelpText('after', example('list'))
    .action(list);
  withAccountOptions(webhook.command('show <id>'))
    .description('show one webhook; its secret is not shown again')
    .addHelpText('after', example(`show ${EXAMPLE_ID} --json`))
    .action((id: string, flags: AccessFlags) => show(flags, (webhooks) => webhooks.get(id)));
  withSettings(withAccountOptions(webhook.command('change <id>')))
    .description('change what is given, and leave the rest')
    .option('--url <url>', 'where to send to; what waits is sent there too')
    .option('--any-bucket', 'tell of all buckets again', false)
    .option('--any-rule', 'tell of all rules again', false)
    .addHelpText('after', example(`change ${EXAMPLE_ID} --event run.failed --any-bucket`))
    .action(change);
  for (const [verb, what] of [
    ['enable', 'send to a disabled webhook again'],
    ['disable', 'send nothing more; what waits to be sent is given up'],
  ] as const) {
    withAccountOptions(webhook.command(`${verb} <id>`))
      .description(what)
      .addHelpText('after', example(`${verb} ${EXAMPLE_ID}`))
      .action((id: string, flags: AccessFlags) => show(flags, (webhooks) => webhooks.post([id, verb])));
  }
  withAccountOptions(webhook.command('delete <id>'))
    .description('delete a webhook with its log; what waits to be sent is not sent')
    .addHelpText('after', example(`delete ${EXAMPLE_ID}`))
    .action(remove);
  const { graceHours } = WEBHOOK_LIMITS;
  withAccountOptions(webhook.command('rotate-secret <id>'))
    .description('make another secret, and show it this once')
    .option(
      '--grace-hours <n>',
      `how long the old secret signs too, ${graceHours.min} to ${graceHours.max}`,
      String(graceHours.default),
    )
    .addHelpText('after', example(`rotate-secret ${EXAMPLE_ID} --grace-hours 0`))
    .action(rotateSecret);
  addDeliveryCommands(webhook);
}

interface SettingFlags {
  readonly bucket?: string;
  readonly rule?: string;
  readonly event?: readonly string[];
  readonly description?: string;
}

function withSettings(command: Command): Command {
  return command
    .option('--bucket <name>', 'tell of the runs of this bucket only')
    .option('--rule <id>', 'tell of the runs of this rule only')
    .option('--event <event>', `tell of these only: ${WEBHOOK_EVENTS.join(', ')}; may be given again`, collectValues)
    .option('--description <text>', 'what it is for');
}

async function create(url: string, { bucket, rule, event, description, ...flags }: AccessFlags & SettingFlags) {
  const settings = { url, bucket, rule, events: eventsOf(event), description };
  showSecret(flags, await withWebhooks(flags, (webhooks) => webhooks.post<NewWebhookView>([], settings)));
}

interface ChangeFlags extends AccessFlags, SettingFlags {
  readonly url?: string;
  readonly anyBucket: boolean;
  readonly anyRule: boolean;
}

async function change(id: string, { url, bucket, rule, event, description, ...flags }: ChangeFlags): Promise<void> {
  if (flags.anyBucket && bucket !== undefined) throw new UsageError('Name --bucket or --any-bucket, not both.');
  if (flags.anyRule && rule !== undefined) throw new UsageError('Name --rule or --any-rule, not both.');
  await show(flags, async (webhooks) => {
    const now = await webhooks.get<WebhookView>(id);
    const settings: WebhookSettings = {
      url: url ?? now.url,
      bucket: flags.anyBucket ? null : (bucket ?? now.bucket),
      rule: flags.anyRule ? null : (rule ?? now.rule),
      events: eventsOf(event) ?? now.events,
      description: description ?? now.description,
    };
    return await webhooks.put<WebhookView>([id], settings);
  });
}

async function list(flags: AccessFlags): Promise<void> {
  const webhooks = await withWebhooks(flags, (access) => access.list<WebhookView>());
  if (flags.json) {
    printJson({ webhooks });
  } else if (webhooks.length === 0) {
    say('The account has no webhook yet. Make one with: stocktake webhook create URL');
  } else {
    printTable(
      ['WEBHOOK', 'STATE', 'BUCKET', 'RULE', 'EVENTS', 'URL'],
      webhooks.map(({ id, state, bucket, rule, events, url }) => [
        id,
        state,
        bucket ?? 'any',
        rule ?? 'any',
        events.map((event) => event.replace('run.', '')).join(', '),
        url,
      ]),
    );
  }
}

async function remove(id: string, flags: AccessFlags): Promise<void> {
  await withWebhooks(flags, (webhooks) => webhooks.delete([id]));
  if (flags.json) printJson({ webhook: id });
  else say(`Webhook ${id} is gone.`);
}

async function rotateSecret(id: string, flags: AccessFlags & { readonly graceHours: string }): Promise<void> {
  const graceHours = wholeNumber(flags.graceHours, '--grace-hours', WEBHOOK_LIMITS.graceHours);
  const path = [id, 'rotate-secret'];
  showSecret(flags, await withWebhooks(flags, (webhooks) => webhooks.post<NewWebhookView>(path, { graceHours })));
}

/** Shows the webhook that the server answers with. */
async function show(flags: AccessFlags, ask: (webhooks: AccessClient) => Promise<WebhookView>): Promise<void> {
  const webhook = await withWebhooks(flags, ask);
  if (flags.json) printJson(webhook);
  else describe(webhook);
}

/** The only place where a webhook's secret is shown to people. */
function showSecret(flags: AccessFlags, webhook: NewWebhookView): void {
  if (flags.json) {
    printJson(webhook);
    return;
  }
  describe(webhook);
  say('The receiver checks signatures with this secret. It is shown this once; keep it now:');
  say(`  STOCKTAKE_WEBHOOK_SECRET=${webhook.secret}`);
}

function describe({ id, state, url, bucket, rule, events, description, createdAt }: WebhookView): void {
  say(`Webhook ${id} is ${state}.`);
  printFacts([
    ['url', url],
    ['bucket', bucket ?? 'any'],
    ['rule', rule ?? 'any'],
    ['events', events.join(', ')],
    ['description', description || null],
    ['created', formatMinute(createdAt)],
  ]);
}

function eventsOf(words: readonly string[] | undefined): readonly WebhookEvent[] | undefined {
  return words?.map((word) => {
    const event = WEBHOOK_EVENTS.find((each) => each === word);
    if (event !== undefined) return event;
    throw new UsageError(`--event is "${word}" where one of ${WEBHOOK_EVENTS.join(', ')} is expected.`);
  });
}
