/**
 * The access document: who may do what in one account, as `export` writes it and `apply` reads it. The CLI brings it in
 * YAML; here it is JSON. It holds no secret: access keys are in it by id and state, to be switched on and off with
 * their user.
 */

import { z } from 'zod';
import type { WantedAccess } from '../access/account-access.ts';
import {
  assertLegalDescription,
  assertLegalName,
  assertLegalSessionSeconds,
  MAX_SESSION_SECONDS,
  type NamedKind,
} from '../access/entities/entity-names.ts';
import { ACCESS_LIMITS } from '../core/access-entities.ts';
import { DomainError } from '../core/errors.ts';
import { parsePolicy } from '../core/policy-document.ts';
import { printable } from '../core/printable.ts';
import { trustSchema } from './entity-input.ts';
import { schemaFault } from './schema-fault.ts';

/**
 * A thousand users with their attachments and hundreds of the longest policies. An account that is full to every limit has
 * more, and is brought to a state by several documents: whatever is longer would keep the whole server busy.
 */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

const MAX_FAULTS = 5;
const MAX_FAULT_CHARACTERS = 300;

interface ReadOptions {
  /** The account that it is to be applied to. */
  readonly account: string;
  /** Then every list has to be there: one that was cut off, or misspelt away, would delete all that it doesn't name. */
  readonly prune: boolean;
}

/** Reads a document for an account; throws `InvalidArgument` that names the place, what stands there and what may. */
export function readAccessDocument(document: unknown, { account, prune }: ReadOptions): WantedAccess {
  const result = (prune ? wholeDocumentSchema : documentSchema).safeParse(document, { error: schemaFault });
  if (!result.success) {
    const { issues } = result.error;
    const faults = issues.slice(0, MAX_FAULTS).map(({ path, message }) => {
      return printable(`${placeOf(path)}: ${message}`, MAX_FAULT_CHARACTERS);
    });
    const more = issues.length > MAX_FAULTS ? `; and ${issues.length - MAX_FAULTS} more` : '';
    const whole = prune ? ' To prune, "policies", "users" and "roles" all have to be there, if only as [].' : '';
    throw new DomainError('InvalidArgument', `The access document is not valid. ${faults.join('; ')}${more}.${whole}`);
  }
  const { account: named, ...wanted } = result.data;
  if (named === undefined || named === account) return wanted;
  const text = `The access document is of the account ${named}, and it is to be applied to ${account}. Without "account" it fits any.`;
  throw new DomainError('InvalidArgument', text);
}

/** As in `users[0].policies[1]`. */
function placeOf(path: readonly PropertyKey[]): string {
  const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return place.replace(/^\./, '') || 'the document';
}

const state = z.enum(['enabled', 'disabled']);

const attached = unique(z.array(name('policy')).max(ACCESS_LIMITS.policiesPerPrincipal), (policy) => policy).default(
  [],
);

const policySchema = z.strictObject({
  name: name('policy'),
  description: description('policy'),
  document: legal(z.unknown(), (policy) => parsePolicy(policy, 'identity')),
});

const userSchema = z.strictObject({
  name: name('user'),
  description: description('user'),
  state: state.optional(),
  policies: attached,
  accessKeys: z
    .array(z.strictObject({ id: z.string().min(1).max(64), state }))
    .max(ACCESS_LIMITS.accessKeysPerUser)
    .optional(),
});

const roleSchema = z.strictObject({
  name: name('role'),
  description: description('role'),
  trust: legal(trustSchema, (trust) => parsePolicy(trust, 'trust')),
  maxSessionSeconds: legal(z.number(), assertLegalSessionSeconds).default(MAX_SESSION_SECONDS.default),
  policies: attached,
});

const wholeDocumentSchema = z.strictObject({
  account: z.string().max(64).optional(),
  policies: named(policySchema, ACCESS_LIMITS.policiesPerAccount),
  users: named(userSchema, ACCESS_LIMITS.usersPerAccount),
  roles: named(roleSchema, ACCESS_LIMITS.rolesPerAccount),
});

const { policies, users, roles } = wholeDocumentSchema.shape;
const documentSchema = wholeDocumentSchema.extend({
  policies: policies.default([]),
  users: users.default([]),
  roles: roles.default([]),
});

function name(kind: NamedKind) {
  return legal(z.string(), (text) => assertLegalName(kind, text));
}

function description(kind: NamedKind) {
  return legal(z.string(), (text) => assertLegalDescription(kind, text)).default('');
}

/** A list in which no name stands twice. What is too long is not looked at further. */
function named<T extends { readonly name: string }>(each: z.ZodType<T>, limit: number) {
  return unique(z.array(z.unknown()).max(limit).pipe(z.array(each)), (thing) => thing.name);
}

function unique<T>(list: z.ZodType<T[]>, nameOf: (thing: T) => string) {
  return legal(list, (things) => {
    const names = things.map(nameOf);
    const twice = names.find((each, index) => names.indexOf(each) !== index);
    if (twice !== undefined) throw new DomainError('InvalidArgument', `"${printable(twice)}" stands in it twice`);
  });
}

/** A schema that takes what `assertLegal` doesn't refuse. */
function legal<T>(schema: z.ZodType<T>, assertLegal: (value: T) => unknown) {
  return schema.superRefine((value, context) => {
    try {
      assertLegal(value);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      context.addIssue({ code: 'custom', message: error.message.replace(/\.$/, '') });
    }
  });
}
