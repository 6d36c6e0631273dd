/** Whether the control database takes writes, tried with one that is on disk when this resolves. */

import type { ControlDatabase } from './control-database.ts';

/** Throws what the database says. */
export async function assertWritable(db: ControlDatabase): Promise<void> {
  await db
    .insertInto('write_probe')
    .values({ id: 1, count: 1 })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((expression) => ({ count: expression('write_probe.count', '+', 1) })),
    )
    .execute();
}
