import type { Command } from 'commander';
import { roleArn } from '../core/access-entities.ts';
import { child, childText, type XmlElement } from '../core/xml.ts';
import { type AccessFlags, withAccountOptions } from './access-client.ts';
import { SECONDS } from './access-options.ts';
import { formatMinute, note, printJson, say } from './output.ts';
import { type ServerClient, withClient } from './server-client.ts';
import { wholeNumber } from './usage-error.ts';

export function addAssumeRoleCommand(access: Command): void {
  withAccountOptions(access.command('assume-role <role>'))
    .description('get temporary credentials of a role, as lines that a shell takes')
    .option('--session <name>', 'what the audit log calls the session', 'stocktake')
    .option('--seconds <number>', 'how long they are good for, 900 or more (default: 3600)')
    .addHelpText(
      'after',
      `
The role is a name or, as acs:ram::ACCOUNT:role/NAME, one of any account. Its trust policy has to name whoever asks, who
has to be allowed sts:AssumeRole on it besides. A root key can assume no role.

Examples:
  $ stocktake access assume-role photo-reader --session anna-at-work --seconds 900
  $ eval "$(stocktake access assume-role photo-reader)"`,
    )
    .action(assumeRole);
}

interface Flags extends AccessFlags {
  readonly session: string;
  readonly seconds?: string;
}

async function assumeRole(role: string, { session, seconds, ...flags }: Flags): Promise<void> {
  const duration = seconds === undefined ? undefined : wholeNumber(seconds, '--seconds', SECONDS);
  const { arn, answer } = await withClient(flags, async (client) => {
    const arn = role.startsWith('acs:') ? role : roleArn(flags.account ?? (await ownAccount(client)), role);
    const parameters = {
      Action: 'AssumeRole',
      RoleArn: arn,
      RoleSessionName: session,
      ...(duration !== undefined && { DurationSeconds: String(duration) }),
    };
    return { arn, answer: await client.sendForSts(parameters) };
  });
  const credentials = readCredentials(answer);
  if (flags.json) {
    printJson(credentials);
    return;
  }
  note(`A session of ${arn}, until ${formatMinute(credentials.expiration)}.`);
  say(`export STOCKTAKE_ACCESS_KEY_ID=${credentials.accessKeyId}`);
  say(`export STOCKTAKE_ACCESS_KEY_SECRET=${credentials.accessKeySecret}`);
  say(`export STOCKTAKE_SECURITY_TOKEN=${credentials.securityToken}`);
}

async function ownAccount(client: ServerClient): Promise<string> {
  return wordOf(await client.sendForSts({ Action: 'GetCallerIdentity' }), 'AccountId');
}

function readCredentials(answer: XmlElement) {
  const credentials = child(answer, 'Credentials') ?? answer;
  return {
    accessKeyId: wordOf(credentials, 'AccessKeyId'),
    accessKeySecret: wordOf(credentials, 'AccessKeySecret'),
    securityToken: wordOf(credentials, 'SecurityToken'),
    expiration: wordOf(credentials, 'Expiration'),
  };
}

/** Whatever else a server answered, a shell that is handed the lines might run. */
function wordOf(element: XmlElement, name: string): string {
  const text = childText(element, name);
  if (text !== undefined && /^[\w.:+/=-]+$/.test(text)) return text;
  throw new Error(`The server answered without a ${name} that could be one.`);
}
