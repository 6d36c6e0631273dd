/** The paths for whoever watches over the server: `/-/health`, `/-/ready` and `/-/metrics`. None of them is signed. */

import { splitTarget } from './core/request-target.ts';
import { isSameText } from './core/same-text.ts';
import type { HttpRequest, HttpResponse } from './http/http-server.ts';
import { jsonReply } from './http/json-reply.ts';
import type { ReadyReport } from './telemetry/readiness.ts';

export interface MonitoringPaths {
  readonly ready: () => Promise<ReadyReport>;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Lets other machines read the metrics; without one, only this machine may. */
  readonly metricsToken: string | undefined;
}

/** Undefined for a request to any other path. */
export async function monitoringReply(
  request: HttpRequest,
  { ready, metrics, metricsToken }: MonitoringPaths,
): Promise<HttpResponse | undefined> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
  switch (splitTarget(request.target).path) {
    case '/-/health':
      return uncached(jsonReply(200, { status: 'ok' }));
    case '/-/ready': {
      const report = await ready();
      return uncached(jsonReply(report.status === 'ready' ? 200 : 503, report));
    }
    case '/-/metrics': {
      if (!mayReadMetrics(request, metricsToken)) return refusal(request);
      const { contentType, text } = await metrics();
      return uncached({ status: 200, headers: { 'Content-Type': contentType }, body: text });
    }
    default:
      return undefined;
  }
}

function mayReadMetrics({ isFromThisMachine, headers }: HttpRequest, token: string | undefined): boolean {
  if (isFromThisMachine) return true;
  const given = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  return token !== undefined && given !== undefined && isSameText(token, given);
}

/** The same for everybody: a stranger learns neither what was wrong nor whether there is a token. */
const REFUSAL = 'Metrics are for this machine, and for who sends the metricsToken of the server as a bearer token.';

/** In the form of the admin API. */
function refusal({ id }: HttpRequest): HttpResponse {
  return uncached(jsonReply(403, { error: { code: 'AccessDenied', message: REFUSAL, requestId: id } }));
}

function uncached(response: HttpResponse): HttpResponse {
  return { ...response, headers: { ...response.headers, 'Cache-Control': 'no-store' } };
}
