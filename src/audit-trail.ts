/** Where a server tells of management actions and refusals: the audit log, or nowhere when it is switched off. */

import type { Logger } from 'pino';
import type { Settings } from './config.ts';
import type { AuditTrail } from './core/audit.ts';
import type { Clock } from './core/clock.ts';
import { AuditLog } from './data-folder/audit-log.ts';

/** The server's own log is told when the audit log can't be written. */
export function openAuditTrail(
  { auditLog: file, limits }: Settings,
  clock: Clock,
  log: Logger,
): AuditTrail & { close(): void } {
  if (file === false) return { record: () => undefined, close: () => undefined };
  return AuditLog.open({
    file,
    maxBytes: limits.auditBytes,
    keptFiles: limits.auditFiles,
    refusalsPerMinute: limits.auditRefusals,
    clock,
    onEvent: (event) => {
      if (event.kind === 'failing') log.error({ err: event.cause, file }, 'the audit log can not be written');
      else log.warn({ file, lost: event.lost }, 'the audit log is written again; entries are missing in it');
    },
  });
}
