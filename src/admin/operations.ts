/** The table of operations: it routes requests and names the permission that each needs, and on what. */

import { ACCESS_DOCUMENT_OPERATIONS } from './access-document-operations.ts';
import { ACCOUNT_OPERATIONS } from './account-operations.ts';
import { BACKUP_OPERATIONS } from './backup-operations.ts';
import { CLOCK_OPERATIONS } from './clock-operations.ts';
import { KEY_OPERATIONS } from './key-operations.ts';
import type { Operation } from './operation.ts';
import { POLICY_OPERATIONS } from './policy-operations.ts';
import { ROLE_OPERATIONS } from './role-operations.ts';
import { RUN_OPERATIONS } from './run-operations.ts';
import { USER_OPERATIONS } from './user-operations.ts';
import { WEBHOOK_OPERATIONS } from './webhook-operations.ts';

export const OPERATIONS: readonly Operation[] = [
  ...ACCOUNT_OPERATIONS,
  ...USER_OPERATIONS,
  ...ROLE_OPERATIONS,
  ...POLICY_OPERATIONS,
  ...ACCESS_DOCUMENT_OPERATIONS,
  ...KEY_OPERATIONS,
  ...BACKUP_OPERATIONS,
  ...RUN_OPERATIONS,
  ...WEBHOOK_OPERATIONS,
  ...CLOCK_OPERATIONS,
];
