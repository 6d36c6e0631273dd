/** Who sends the fuzzer's requests: the root key, a user, and a session of a role that the user may assume. */

import type { Random } from '../test/crash/random.ts';
import { signRpc } from '../test/rpc-client.ts';
import { TEST_KEY } from '../test/server-process.ts';
import type { WireClient, WireKey } from '../test/wire-client.ts';

/** Named otherwise than what the seeds make and delete. */
const USER = 'fuzzer';
const ROLE = 'fuzzed';
export const ROLE_ARN = `acs:ram::1000000000000000:role/${ROLE}`;

export interface Sender extends WireKey {
  readonly securityToken?: string;
}

export interface Senders {
  readonly root: Sender;
  /** The one that may assume a role. */
  readonly user: Sender;
  readonly session: Sender;
}

export function anySender(random: Random, { root, user, session }: Senders): Sender {
  return random.pick([root, root, root, user, session]);
}

/** Makes the user, the role and a session by the admin API and STS, as a person would. */
export async function makeSenders(client: WireClient): Promise<Senders> {
  const ask = async (method: string, path: string, document?: object): Promise<unknown> => {
    const body = document === undefined ? {} : { body: JSON.stringify(document) };
    return await answered(client.send({ method, bucket: '-', key: `api/v1/access/${path}`, ...body }));
  };
  const trust = statement({ Action: 'sts:AssumeRole', Principal: { RAM: ['acs:ram::1000000000000000:root'] } });
  await ask('PUT', 'policies/fuzzing', { document: statement({ Action: ['oss:*', 'sts:*'], Resource: '*' }) });
  await ask('POST', 'users', { name: USER });
  await ask('PUT', `users/${USER}/policies/fuzzing`);
  await ask('PUT', `roles/${ROLE}`, { trust });
  await ask('PUT', `roles/${ROLE}/policies/fuzzing`);
  const key = (await ask('POST', `users/${USER}/keys`)) as { readonly id: string; readonly secret: string };
  const parameters = { Action: 'AssumeRole', RoleArn: ROLE_ARN, RoleSessionName: 'fuzz' };
  const form = signRpc({ key: { accessKeyId: key.id, secret: key.secret }, atMs: Date.now(), parameters });
  const { Credentials } = (await answered(
    client.send({
      method: 'POST',
      signature: 'none',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    }),
  )) as { readonly Credentials: Readonly<Record<string, string>> };
  const { AccessKeyId = '', AccessKeySecret = '', SecurityToken = '' } = Credentials;
  return {
    root: TEST_KEY,
    user: { accessKeyId: key.id, accessKeySecret: key.secret },
    session: { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret, securityToken: SecurityToken },
  };
}

function statement(content: object): object {
  return { Version: '1', Statement: [{ Effect: 'Allow', ...content }] };
}

async function answered(reply: ReturnType<WireClient['send']>): Promise<unknown> {
  const { status, text } = await reply;
  if (status >= 300) throw new Error(`what the fuzzer needs was refused with ${status}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
