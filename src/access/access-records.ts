/** What the access book wants of its tables. */

import type { AccessRecord, AccessWrite } from '../core/access-record.ts';

export interface AccessRecords {
  /** All that is kept; a record comes after those that it belongs to. */
  load(): Promise<readonly AccessRecord[]>;
  /** Makes all of these writes, in their order, or, when it rejects, none. They are durable when it resolves. */
  write(writes: readonly AccessWrite[]): Promise<void>;
}
