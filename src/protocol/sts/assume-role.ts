/**
 * AssumeRole: a session of a role, for a user or session whose own policies allow it `sts:AssumeRole` on the role and
 * whom the role's trust policy names.
 */

import type { RequestContext } from '../../access/access.ts';
import { decide } from '../../access/decide.ts';
import type { Directory, RoleFacts } from '../../access/directory-facts.ts';
import { MAX_SESSION_POLICY_BYTES } from '../../access/session-tokens.ts';
import type { Sessions } from '../../access/sessions.ts';
import { trustsIdentity } from '../../access/trust.ts';
import { hasCode } from '../../core/errors.ts';
import { parsePolicyText } from '../../core/policy-document.ts';
import { printable } from '../../core/printable.ts';
import type { Parameters } from '../../core/rpc-signature.ts';
import { parseRoleArn } from '../../core/rule.ts';
import { type Caller, required } from './authenticate-rpc.ts';
import { StsError } from './sts-error.ts';
import type { Fields } from './sts-reply.ts';

export const ASSUME_ROLE = 'sts:AssumeRole';

const SECONDS = { min: 900, default: 3600 } as const;
/** Each would bind the session to more than it is here; passed over, they would only seem to. */
const UNSERVED = ['SourceIdentity', 'SerialNumber', 'TokenCode'];

export interface Assumption {
  readonly identity: Caller;
  readonly parameters: Parameters;
  readonly context: RequestContext;
}

export interface AssumeRoleServices {
  readonly directory: Pick<Directory, 'findRole'>;
  readonly sessions: Pick<Sessions, 'issue'>;
}

/** The answer, and what the audit log is to tell of it. Throws `StsError`. */
export function assumeRole(
  { identity, parameters, context }: Assumption,
  { directory, sessions }: AssumeRoleServices,
): { readonly fields: Fields; readonly target: string } {
  const { roleArn, sessionName, sessionPolicy } = readTexts(parameters);
  const role = findAllowed(roleArn, { identity, context, directory });
  const { accessKeyId, secret, securityToken, expiresAtMs } = sessions.issue({
    role,
    sessionName,
    ...(sessionPolicy !== undefined && { sessionPolicy }),
    seconds: readSeconds(parameters, role.maxSessionSeconds),
    nowMs: context.nowMs,
  });
  const expiration = new Date(expiresAtMs).toISOString().replace('.000Z', 'Z');
  const fields = {
    AssumedRoleUser: { AssumedRoleId: `${role.id}:${sessionName}`, Arn: `${role.arn}/${sessionName}` },
    Credentials: {
      AccessKeyId: accessKeyId,
      AccessKeySecret: secret,
      SecurityToken: securityToken,
      Expiration: expiration,
    },
  };
  return { fields, target: `session ${sessionName} with access key ${accessKeyId} until ${expiration}` };
}

function readTexts(parameters: Parameters) {
  const roleArn = required(parameters, 'RoleArn');
  if (parseRoleArn(roleArn) === undefined) {
    throw malformed('RoleArn', `"${printable(roleArn)}"; expected: acs:ram::<account id>:role/<role name>`);
  }
  const sessionName = required(parameters, 'RoleSessionName');
  if (!/^[A-Za-z0-9.@_-]{2,64}$/.test(sessionName)) {
    throw malformed('RoleSessionName', `"${printable(sessionName)}"; expected: 2 to 64 of A-Z a-z 0-9 . @ - _`);
  }
  const externalId = parameters.get('ExternalId');
  if (externalId !== undefined && !/^[\w+=,.@:/-]{2,1224}$/.test(externalId)) {
    throw malformed('ExternalId', 'expected: 2 to 1224 of A-Z a-z 0-9 _ + = , . @ : / -');
  }
  for (const name of UNSERVED) {
    if (parameters.has(name)) throw new StsError(400, 'UnsupportedParameter', `The parameter ${name} is not served.`);
  }
  const sessionPolicy = parameters.get('Policy');
  if (sessionPolicy !== undefined) assertPolicy(sessionPolicy);
  return { roleArn, sessionName, sessionPolicy };
}

function assertPolicy(text: string): void {
  if (Buffer.byteLength(text) > MAX_SESSION_POLICY_BYTES) {
    const message = `The size of Policy must be smaller than ${MAX_SESSION_POLICY_BYTES} bytes.`;
    throw new StsError(400, 'InvalidParameter.PolicySize', message);
  }
  try {
    parsePolicyText(text, 'session');
  } catch (error) {
    if (!hasCode(error, 'PolicyMalformed')) throw error;
    const message = `The parameter Policy has not passed grammar check. ${error.message}`;
    throw new StsError(400, 'InvalidParameter.PolicyGrammar', message);
  }
}

function readSeconds(parameters: Parameters, max: number): number {
  const text = parameters.get('DurationSeconds');
  if (text === undefined) return SECONDS.default;
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (seconds >= SECONDS.min && seconds <= max) return seconds;
  const message = `The Min/Max value of DurationSeconds is ${SECONDS.min}/${max} for this role.`;
  throw new StsError(400, 'InvalidParameter.DurationSeconds', message);
}

/** The role, when who asks may assume it. To those of another account a role that doesn't trust them is not there. */
function findAllowed(
  roleArn: string,
  { identity, context, directory }: Pick<Assumption, 'identity' | 'context'> & Pick<AssumeRoleServices, 'directory'>,
): RoleFacts {
  if (identity.kind === 'root') {
    throw new StsError(403, 'NoPermission', 'Roles may not be assumed by root accounts.');
  }
  // What lets somebody of another account in is the trust policy, so here everybody's own policies decide alone.
  const resource = { level: 'other', arn: roleArn, owner: identity.accountId } as const;
  const decision = decide({ identity, action: ASSUME_ROLE, resource, context });
  if (!decision.allowed) {
    throw notAuthorized(
      decision.refusal.kind === 'ExplicitDeny'
        ? `a policy denies ${ASSUME_ROLE} on ${roleArn}`
        : `no policy allows ${ASSUME_ROLE} on ${roleArn}`,
    );
  }
  const role = directory.findRole(roleArn);
  if (role !== undefined && role.accountState === 'enabled' && trustsIdentity(role.trust, identity, context))
    return role;
  if (role === undefined && parseRoleArn(roleArn)?.accountId === identity.accountId) {
    throw new StsError(404, 'EntityNotExist.Role', `The specified Role not exists: ${roleArn}.`);
  }
  throw notAuthorized(`the trust policy of ${roleArn} does not let you assume it`);
}

function notAuthorized(why: string): StsError {
  const message = `You are not authorized to do this action. You should be authorized by RAM: ${why}.`;
  return new StsError(403, 'NoPermission', message);
}

function malformed(name: string, what: string): StsError {
  return new StsError(400, `InvalidParameter.${name}`, `The parameter ${name} is wrongly formed: ${what}.`);
}
