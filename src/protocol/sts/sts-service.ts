/** STS: from a request to a response, and to a line of the audit log for each session and each refusal. */

import { auditedRequest } from '../../access/audited-request.ts';
import type { Directory } from '../../access/directory-facts.ts';
import { requestContext } from '../../access/request-context.ts';
import type { Sessions } from '../../access/sessions.ts';
import type { AuditEntry, AuditTrail } from '../../core/audit.ts';
import type { Parameters } from '../../core/rpc-signature.ts';
import { type OnServed, servedNow } from '../../core/served.ts';
import type { HttpRequest, HttpResponse } from '../../http/http-server.ts';
import { ASSUME_ROLE, assumeRole } from './assume-role.ts';
import { authenticateRpc, type Caller, required } from './authenticate-rpc.ts';
import { callerIdentity } from './caller-identity.ts';
import { readParameters } from './read-parameters.ts';
import { SeenNonces } from './seen-nonces.ts';
import { asStsError, StsError } from './sts-error.ts';
import { stsErrorReply, stsReply } from './sts-reply.ts';

const VERSION = '2015-04-01';
const ACTIONS = ['AssumeRole', 'GetCallerIdentity'] as const;
type Action = (typeof ACTIONS)[number];

/** An account alone has room for a hundred requests a second, for as long as their timestamps are good. */
const MAX_NONCES = 200_000;

export interface StsServices {
  readonly directory: Pick<Directory, 'findRole'>;
  readonly sessions: Sessions;
  readonly now: () => number;
  readonly audit: AuditTrail;
}

/** What is known of a request by the time that it is answered or refused. */
interface Progress {
  parameters: Parameters;
  action?: Action;
  identity?: Caller;
}

export class StsService {
  readonly #services: StsServices;
  readonly #onFault: (error: unknown, request: HttpRequest) => void;
  readonly #onServed: OnServed;
  readonly #nonces = new SeenNonces(MAX_NONCES);

  /** `onFault` is told of each fault that is not the client's, `onServed` of each request. */
  constructor(
    services: StsServices,
    onFault: (error: unknown, request: HttpRequest) => void,
    onServed: OnServed = () => undefined,
  ) {
    this.#services = services;
    this.#onFault = onFault;
    this.#onServed = onServed;
  }

  /** Answers a request; every failure is an answer in the form of STS. */
  async handle(request: HttpRequest): Promise<HttpResponse> {
    const startedAt = performance.now();
    const progress: Progress = { parameters: new Map() };
    let response: HttpResponse;
    let errorCode: string | undefined;
    try {
      progress.parameters = await readParameters(request);
      response = this.#serve(request, progress);
    } catch (error) {
      const refusal = asStsError(error);
      errorCode = refusal.code;
      if (refusal.status >= 500) this.#onFault(error, request);
      this.#services.audit.record(refusalEntry(refusal, request, progress));
      response = stsErrorReply(refusal, request, progress.parameters);
    }
    const { status } = response;
    this.#onServed(servedNow(request, { status, startedAt, operation: progress.action, errorCode }));
    return { ...response, headers: { 'x-acs-request-id': request.id, ...response.headers } };
  }

  #serve(request: HttpRequest, progress: Progress): HttpResponse {
    const { parameters } = progress;
    const action = actionOf(request, parameters);
    progress.action = action;
    const nowMs = this.#services.now();
    const identity = authenticateRpc(
      { method: request.method, parameters },
      { credentials: this.#services.sessions, nonces: this.#nonces, nowMs },
    );
    progress.identity = identity;
    if (action === 'GetCallerIdentity') return stsReply(action, callerIdentity(identity), request, parameters);

    const context = requestContext(request, nowMs);
    const { fields, target } = assumeRole({ identity, parameters, context }, this.#services);
    this.#services.audit.record({ outcome: 'done', ...factsOf(request, progress), target });
    return stsReply(action, fields, request, parameters);
  }
}

function actionOf({ headers }: HttpRequest, parameters: Parameters): Action {
  if (headers['x-acs-action'] !== undefined || headers.authorization?.startsWith('ACS') === true) {
    const message = 'Signatures in the Authorization header are not served: sign with HMAC-SHA1, version 1.0.';
    throw new StsError(400, 'InvalidSignatureMethod', message);
  }
  const action = required(parameters, 'Action');
  if (required(parameters, 'Version') !== VERSION) {
    throw new StsError(400, 'InvalidVersion', `Specified parameter Version is not valid. ${VERSION} is served.`);
  }
  const known = ACTIONS.find((name) => name === action);
  if (known !== undefined) return known;
  const message = `Specified api is not found, please check your url and method. ${ACTIONS.join(' and ')} are served.`;
  throw new StsError(404, 'InvalidAction.NotFound', message);
}

/** Whoever is not proven to be who they say, or may not do it, is refused; all else goes wrong. */
function refusalEntry(refusal: StsError, request: HttpRequest, progress: Progress): AuditEntry {
  const isRefused = refusal.status < 500 && (progress.identity === undefined || refusal.status === 403);
  const { code, message } = refusal;
  return { outcome: isRefused ? 'refused' : 'failed', ...factsOf(request, progress), code, message };
}

function factsOf(request: HttpRequest, { parameters, action, identity }: Progress): Omit<AuditEntry, 'outcome'> {
  const resource = parameters.get('RoleArn');
  const claimedAccessKeyId = parameters.get('AccessKeyId');
  return {
    ...auditedRequest(request, identity),
    ...(action !== undefined && { operation: action }),
    ...(action === 'AssumeRole' && { action: ASSUME_ROLE, ...(resource !== undefined && { resource }) }),
    ...(identity === undefined && claimedAccessKeyId !== undefined && { claimedAccessKeyId }),
  };
}
