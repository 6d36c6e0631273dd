/** The contract of the key service's records, for the one in memory and for the one in SQL. */

import { onTestFinished } from 'vitest';
import { openControlDatabase } from '../../src/control/control-database.ts';
import { KeyTable } from '../../src/control/key-table.ts';
import { temporaryFolder } from '../store-fixture.ts';
import { keyRecordsContract } from './key-records-contract.ts';
import { MemoryKeyRecords } from './memory-key-records.ts';

keyRecordsContract('memory', async () => new MemoryKeyRecords());

keyRecordsContract('SQL', async () => {
  const db = await openControlDatabase(temporaryFolder());
  onTestFinished(() => db.destroy());
  return new KeyTable(db);
});
