/** Backups of the data folder: `backup`. One may take longer than any request, so it is begun by one and asked after. */

import { z } from 'zod';
import { jsonReply } from '../http/json-reply.ts';
import type { Operation } from './operation.ts';
import { readJson } from './read-input.ts';

/** What Linux takes as a path. */
const MAX_PATH = 4096;

const path = z.string().min(1).max(MAX_PATH);

const backupSchema = z.strictObject({ folder: path, link: z.boolean().default(false), data: path.optional() });

const startBackup: Operation = {
  method: 'POST',
  path: 'backup',
  of: 'server',
  resource: () => 'backup',
  action: 'stocktake:Backup',
  async handle({ request, services }) {
    const { folder, link, data } = await readJson(request, backupSchema);
    return jsonReply(202, await services.backups.start({ folder, isLinked: link, data }));
  },
};

const getBackup: Operation = {
  method: 'GET',
  path: 'backup',
  of: 'server',
  resource: () => 'backup',
  action: 'stocktake:GetBackup',
  async handle({ services }) {
    return jsonReply(200, services.backups.last());
  },
};

export const BACKUP_OPERATIONS: readonly Operation[] = [startBackup, getBackup];
