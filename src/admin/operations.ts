/** The table of operations: it routes requests and names the permission that each needs. */

import { BACKUP_OPERATIONS } from './backup-operations.ts';
import { KEY_OPERATIONS } from './key-operations.ts';
import type { Operation } from './operation.ts';

export const OPERATIONS: readonly Operation[] = [...KEY_OPERATIONS, ...BACKUP_OPERATIONS];
