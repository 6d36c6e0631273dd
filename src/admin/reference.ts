/** The reference page of the admin API: what all requests have in common, and the table that they are served by. */

import assert from 'node:assert/strict';
import { MAX_SESSION_SECONDS, NAMES } from '../access/entities/entity-names.ts';
import { ACCESS_LIMITS, MAX_ENTITIES_PAGE } from '../core/access-entities.ts';
import { DELETION_DAYS } from '../core/encryption-key.ts';
import { markdownTable } from '../core/markdown-table.ts';
import { WEBHOOK_LIMITS } from '../core/webhook.ts';
import { MAX_DOCUMENT_BYTES } from './access-document.ts';
import type { Operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';
import { DEFAULT_PAGE, MAX_BODY_BYTES } from './read-input.ts';

/** `docs/reference/admin-api.md`. */
export function adminApiPage(): string {
  return `# The admin API

This page is printed from the table that requests are served by: \`npm run docs\`.

JSON over HTTP for what the OSS wire has no words for: who may do what, encryption keys, webhooks, backups. It lies below
\`/-/api/v1/\` of the server's endpoint, where no bucket can be. \`stocktake access\`, \`stocktake key\`,
\`stocktake webhook\` and \`stocktake store backup\` are clients of it, and a guide begins with them: [Who may do what](../guide/access.md).

## A request

**Signing.** Each request is signed with V4 of the OSS wire ([protocol sheet](../spec/oss-protocol.md), section 2.2) in the
\`Authorization\` header: as if \`-\` were a bucket and \`api/v1/...\` a key in it, so that the canonical URI is that of
the request, as in \`/-/api/v1/access/users\`; the region is one that the server serves. V1 is refused, because it leaves
the query unsigned, and so are signed URLs. A session adds its token, as on the wire (\`x-oss-security-token\`).

**Whose things.** What is "of the account" is that of the account whose key signs, unless the query says \`?account=ID\`.
What is "of the server" takes no \`account\`. Other accounts and the server itself are administered by the account that the
server was started for, and nobody of another account can be granted that.

**Permission.** Each operation needs the permission in the table on each resource beside it, of which the table shows the
end: \`user/{name}\` is \`acs:stocktake:*:<account>:user/{name}\`, and what is "of the server" belongs to the server's own
account. About another account it is \`acs:stocktake:*:<the server's account>:account/<the other>/user/{name}\`, so that a
policy about \`user/*\` gives power over the users of one account. Identity policies alone count, and the root key of an
account may do everything with what belongs to it. Where two resources are named, both have to be allowed: a policy about
\`user/anna\` attaches nothing without one about \`policy/...\`. Whoever may make a key for a user or change a policy that
they have can come to the rights of that user and of that policy: grant \`stocktake:CreateAccessKey\`,
\`stocktake:PutPolicy\`, \`stocktake:PutRole\` and \`stocktake:ApplyAccess\` with care.

**Bodies** are one JSON object in UTF-8 of at most ${kib(MAX_BODY_BYTES)} (${mib(MAX_DOCUMENT_BYTES)} for \`access/apply\`), and
none at all is \`{}\`. A field or query parameter that is not known, and a field that stands there twice, is refused. Fields
with a \`?\` may be left out.

**PUT replaces the whole.** A role or policy of that name is made (201) or becomes what the body says (200); what the body
leaves out becomes what it is in a new one. What is attached stays attached. Attaching what is attached already changes
nothing.

## An answer

**Answers** are JSON, with \`x-oss-request-id\` as on the wire, and \`Cache-Control: no-store\`. What was made or changed is
shown as it is then; what was deleted answers \`{}\`. Times are ISO 8601 in UTC. A change that was answered is on disk.

**Pages.** Lists take \`?after=NAME&limit=N\`, N from 1 to ${MAX_ENTITIES_PAGE}, ${DEFAULT_PAGE} unless given, and answer
\`{"items": [...], "nextAfter": NAME}\`: the things behind \`after\` in the order of their names (accounts, keys and webhooks:
ids; deliveries: the newest first, \`after\` one of them), and what to ask for next, \`null\` on the last page. The list of
encryption keys calls its items \`keys\`.

**Errors** have the status and code of the wire, in JSON:

\`\`\`json
{"error":{"code":"NoSuchUser","message":"The account 1000000000000000 has no user \\"anna\\".","requestId":"6B035B217E2536EE0AB33B9F"}}
\`\`\`

A refusal for want of a permission has \`error.accessDeniedDetail\` besides, with the fields of \`AccessDeniedDetail\` on the
wire. All codes are in [Errors](errors.md); each refusal and each change is in the [audit log](audit.md). A failure with
500 leaves open whether the change was made: ask before trying again.

## Accounts, users, access keys, roles, policies

${lines(
  markdownTable(
    ['Name of', 'Characters', 'At most'],
    (['account', 'user', 'role', 'policy'] as const).map((kind) => [kind, NAMES[kind].expected, COUNTS[kind]]),
  ),
)}

- **Ids** are given by the server, save that of an account, which may be said when it is made (16 digits). No id is given
  twice: what is made anew under an old name has another id and inherits nothing. An account that was deleted keeps its id
  from being used; its name is free.
- **Disabled** accounts and users keep all they have, and every request of theirs is refused. The server's account can be
  neither disabled nor deleted.
- **An access key** has a \`secret\` in the answer that made it, and in no other. A user, and an account itself, has
  ${ACCESS_LIMITS.accessKeysPerUser} of them at most. The root key of the server's account is none of these: it is a setting.
- **Deleting** a user or role that still holds keys or policies is refused with \`DeleteConflict\`, which says what it
  holds; \`?force=true\` deletes those with it. A policy has to be detached, and an account emptied, by hand.
- **System policies** (\`AliyunOSSFullAccess\` and its kin) are in every account, to be attached as they are.
- **\`warnings\`** in the answer to a policy that was put, or a document that was applied, say what in a policy does nothing:
  an action that this server has no operation for, or one on resources that it is never needed on.
- **A policy document** has at most ${ACCESS_LIMITS.policyCharacters} characters as compact JSON, a trust policy ${ACCESS_LIMITS.trustCharacters}. A user or role has at most
  ${ACCESS_LIMITS.policiesPerPrincipal} policies, a description ${ACCESS_LIMITS.descriptionCharacters} characters.
- **\`trust\`** of a role is a trust policy, or a service as in \`oss.aliyuncs.com\` in place of the one that trusts it.
- **\`maxSessionSeconds\`** of a role is the longest that a session of it may last: ${MAX_SESSION_SECONDS.min} to ${MAX_SESSION_SECONDS.max}, ${MAX_SESSION_SECONDS.default} unless given.

## The access document

\`GET access/export\` answers who may do what in one account, without secrets; \`POST access/apply\` brings an account to
what such a document says. All of it happens or, on any fault, nothing; applying it again changes nothing.

${lines(
  markdownTable(
    ['Field', ''],
    [
      ['`account?`', 'its id; then the document fits no other account'],
      ['`policies?[]`', '`name`, `description?`, `document`'],
      [
        '`users?[]`',
        '`name`, `description?`, `policies?` (names), `state?` (`enabled`, `disabled`), `accessKeys?[]` (`id`, `state`)',
      ],
      [
        '`roles?[]`',
        '`name`, `description?`, `policies?`, `maxSessionSeconds?`, `trust`: a trust policy, or a service as in `oss.aliyuncs.com`',
      ],
    ],
  ),
)}

- What it names becomes just as it says: policies that are attached to a user and not in its list are detached. \`state\` and
  \`accessKeys\` are left alone where they are left out.
- It makes no access key, because nobody would see its secret, and deletes one only with its user. Keys that it names and
  nobody has are listed as \`absentKeys\` in the answer.
- With \`"prune": true\` whatever it doesn't name is deleted, users with their keys. Then \`policies\`, \`users\` and
  \`roles\` all have to be there, so that a document that was cut short deletes nothing.
- With \`"dryRun": true\` nothing is changed, and the answer says what would be. Each of \`changes\` has a \`kind\`, the
  \`name\` of what changes, \`words\` for a person, and \`fields\` with \`before\` and \`after\`.

## Webhooks

What they send, and where to, is in [Webhooks](webhooks.md). \`secret\` is in the answers to \`POST webhooks\` and to
\`rotate-secret\`, and in no other. \`events\` are all three unless given. \`test\` and \`retry\` answer 202 with the
delivery, which is sent behind the answer; with the payload \`GET .../deliveries/{delivery}\` shows it.

## Operations

Paths are below \`/-/api/v1/\`. \`{name}\` stands for one segment of the path, \`{+id}\` for text that may hold slashes;
both are percent-encoded.

${lines(operationTable())}
`;
}

const COUNTS: Readonly<Record<keyof typeof NAMES, string>> = {
  account: `${ACCESS_LIMITS.accounts} of a server`,
  user: `${ACCESS_LIMITS.usersPerAccount} of an account`,
  role: `${ACCESS_LIMITS.rolesPerAccount} of an account`,
  policy: `${ACCESS_LIMITS.policiesPerAccount} of an account`,
};

/** What bodies hold, by method and path; all others are empty. */
const BODIES: Readonly<Record<string, string>> = {
  'POST access/accounts': '`name`, `id?`',
  'POST access/users': '`name`, `description?`',
  'PUT access/roles/{name}': '`trust`, `description?`, `maxSessionSeconds?`',
  'PUT access/policies/{name}': '`document`, `description?`',
  'POST access/apply': '`document`, `prune?`, `dryRun?`',
  'POST keys': '`id?`, `description?`, `spec?`',
  'POST keys/{+id}/schedule-deletion': `\`days?\` (${DELETION_DAYS.min} to ${DELETION_DAYS.max})`,
  'POST backup': '`folder`, `link?`, `data?`',
  'POST webhooks': '`url`, `bucket?`, `rule?`, `events?[]`, `description?`',
  'PUT webhooks/{id}': '`url`, `bucket?`, `rule?`, `events?[]`, `description?`',
  'POST webhooks/{id}/rotate-secret': `\`graceHours?\` (${WEBHOOK_LIMITS.graceHours.min} to ${WEBHOOK_LIMITS.graceHours.max})`,
};

function operationTable(): string[] {
  const known = new Set(OPERATIONS.map(addressOf));
  for (const address of Object.keys(BODIES)) assert(known.has(address), `no operation has the address ${address}`);
  return markdownTable(
    ['Method', 'Path', 'Query', 'Body', 'Permission', 'On'],
    OPERATIONS.map((operation) => {
      const { method, path, of, action, resource, also, query = [] } = operation;
      const on = [resource, also].flatMap((name) => (name === undefined ? [] : `\`${name((param) => `{${param}}`)}\``));
      return [
        method,
        `\`${path}\``,
        query.map((name) => `\`${name}\``).join(', '),
        BODIES[addressOf(operation)] ?? '',
        `\`${action}\``,
        `${on.join(' and ')} of the ${of}`,
      ];
    }),
  );
}

function addressOf({ method, path }: Operation): string {
  return `${method} ${path}`;
}

function lines(text: readonly string[]): string {
  return text.join('\n');
}

function kib(bytes: number): string {
  return `${bytes / 1024} KiB`;
}

function mib(bytes: number): string {
  return `${bytes / 1024 / 1024} MiB`;
}
