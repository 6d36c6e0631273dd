/** The server's door: where it listens, with or without TLS, and which of the services a request is for. */

import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { type AdminService, isAdminTarget } from './admin/admin-service.ts';
import type { Closers } from './closers.ts';
import type { Settings } from './config.ts';
import type { Clock } from './core/clock.ts';
import { type TlsEvent, TlsFiles } from './data-folder/tls-files.ts';
import { type HttpHandler, HttpServer } from './http/http-server.ts';
import { isLoopback } from './http/peer-address.ts';
import { type MonitoringPaths, monitoringReply } from './monitoring-paths.ts';
import { isVirtualHosted } from './protocol/oss/address.ts';
import { doorRefusal, isSingleHeader } from './protocol/oss/door.ts';
import type { OssService } from './protocol/oss/oss-service.ts';
import { isStsRequest } from './protocol/sts/read-parameters.ts';
import type { StsService } from './protocol/sts/sts-service.ts';

/** How long requests under way may take when the server is told to stop. */
const DRAIN_MS = 10_000;

const PLAIN_WARNING =
  'WARNING: other machines reach this server, and it serves without TLS. A signature keeps requests from being forged, not from being read: objects, reports and the secrets of new access keys go over the network in clear. Serve TLS with --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy that does.';

/** Behind the door. */
export interface Services {
  readonly oss: OssService;
  readonly sts: StsService;
  readonly admin: AdminService;
  readonly monitoring: MonitoringPaths;
}

export interface DoorOptions {
  readonly settings: Settings;
  readonly tls: TlsFiles | undefined;
  readonly log: Logger;
  readonly closers: Closers;
}

/** Listens, and resolves with where: as in `http://127.0.0.1:9300`. */
export async function openDoor(services: Services, { settings, tls, log, closers }: DoorOptions): Promise<string> {
  const server = new HttpServer(answerer(services, settings), (error) => log.error({ err: error }, 'response failed'), {
    refuse: doorRefusal,
    isSingleHeader,
    trustedProxies: settings.trustedProxies,
    tls: tls?.identity,
    onTurnedAway: (count) => log.warn({ count }, 'connections were turned away: there are too many'),
  });
  tls?.follow((identity) => server.setTls(identity));
  const { address, port } = await listen(server, settings);
  closers.add(() => server.close(DRAIN_MS));
  if (tls === undefined && !isLoopback(address)) log.warn({ address }, PLAIN_WARNING);
  return `${tls === undefined ? 'http' : 'https'}://${urlHost(settings.host)}:${port}`;
}

/** Undefined when the settings name no certificate. */
export function openTls({ tlsCert, tlsKey }: Settings, clock: Clock, log: Logger): TlsFiles | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  return new TlsFiles({ certificate: tlsCert, key: tlsKey, clock, onEvent: (event) => logTls(log, event) });
}

function answerer({ oss, sts, admin, monitoring }: Services, { domain, region: regions }: Settings): HttpHandler {
  const places = { domain, regions };
  return async (request) => {
    // `/-/` is ours, since no bucket can have that name; everything else is the OSS wire's.
    if (isAdminTarget(request.target) && !isVirtualHosted(request.headers.host ?? '', places)) {
      return (await monitoringReply(request, monitoring)) ?? (await admin.handle(request));
    }
    return await (isStsRequest(request, places) ? sts : oss).handle(request);
  };
}

async function listen(server: HttpServer, { host, port }: Settings): Promise<AddressInfo> {
  try {
    return await server.listen(host, port);
  } catch (error) {
    const why =
      error instanceof Error && 'code' in error && error.code === 'EADDRINUSE' ? 'it is in use' : String(error);
    throw new Error(`Port ${port} of "${host}" can't be listened on: ${why}. Name another with --port or --host.`, {
      cause: error,
    });
  }
}

/** Every address of the machine is none that a client could be given; this one reaches the server at least from here. */
const REACHABLE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function urlHost(host: string): string {
  const reachable = REACHABLE[host] ?? host;
  return reachable.includes(':') ? `[${reachable}]` : reachable;
}

function logTls(log: Logger, event: TlsEvent): void {
  if (event.kind === 'kept') log.error({ err: event.cause }, event.text);
  else if (event.kind === 'loaded')
    log.info({ for: event.subject, expiresAt: event.expiresAt }, 'TLS certificate loaded');
  else if (event.kind === 'expired') log.error({ expiresAt: event.expiresAt }, event.text);
  else log.warn({ expiresAt: event.expiresAt }, event.text);
}
