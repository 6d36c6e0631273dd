/** The contract of the access book's records, for the one in memory and for the one in SQL. */

import { onTestFinished } from 'vitest';
import { AccessTable } from '../../src/control/access-table.ts';
import { openControlDatabase } from '../../src/control/control-database.ts';
import { temporaryFolder } from '../store-fixture.ts';
import { accessRecordsContract } from './access-records-contract.ts';
import { MemoryAccessRecords } from './memory-access-records.ts';

accessRecordsContract('memory', async () => new MemoryAccessRecords());

accessRecordsContract('SQL', async () => {
  const db = await openControlDatabase(temporaryFolder());
  onTestFinished(() => db.destroy());
  return new AccessTable(db);
});
