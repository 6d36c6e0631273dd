/** The two databases of a data folder, opened together: the control state with the sealed keys, and the store that uses them. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Closers } from './closers.ts';
import type { Settings } from './config.ts';
import { AccessTable } from './control/access-table.ts';
import { type ControlDatabase, openControlDatabase } from './control/control-database.ts';
import { KeyTable } from './control/key-table.ts';
import { WebhookTable } from './control/webhook-table.ts';
import type { Clock } from './core/clock.ts';
import type { DomainError } from './core/errors.ts';
import { type KeyFile, openKeyFile } from './data-folder/key-file.ts';
import { KeyService } from './keys/key-service.ts';
import type { ServiceClock } from './service-clock.ts';
import { openServiceClock } from './service-clock.ts';
import { syncFolder } from './store/bodies/body-files.ts';
import { ObjectStore } from './store/object-store.ts';

export interface Databases {
  /** The time of what is kept in them. */
  readonly time: ServiceClock;
  readonly control: ControlDatabase;
  /** Opens what is sealed in the control database. */
  readonly keyFile: KeyFile;
  readonly keys: KeyService;
  readonly store: ObjectStore;
  /** For readers that open the store by themselves. */
  readonly storeFolder: string;
}

export interface OpenOptions {
  /** The machine's, which keys go by. */
  readonly clock: Clock;
  /** Called once, when the store has to be opened again. */
  readonly onUnusable: (error: DomainError) => void;
  /** Told of what is to be closed, also when something after it can't be opened. */
  readonly closers: Closers;
}

/** Nobody else may have the folder. */
export async function openDatabases(
  settings: Settings,
  { clock, onUnusable, closers }: OpenOptions,
): Promise<Databases> {
  const control = await openControlDatabase(settings.data);
  closers.add(() => control.destroy());
  const time = await openServiceClock(control, { kind: settings.clock, data: settings.data });
  const keyFile = await openSealingKey(control, settings.keyFile);
  const keys = await KeyService.open({
    records: new KeyTable(control),
    sealedBy: keyFile,
    clock,
    isOn: settings.keyService,
  });
  const storeFolder = path.join(settings.data, 'store');
  await mkdir(storeFolder, { recursive: true });
  const store = await ObjectStore.open(storeFolder, { clock: time.clock, keys, onUnusable });
  closers.add(() => store.close());
  // Both databases are in their places now, and those have to outlast a power loss too.
  await syncFolder(settings.data);
  return { time, control, keyFile, keys, store, storeFolder };
}

/** The key that seals all others. A file that is missing is made only while there is nothing it would open. */
async function openSealingKey(control: ControlDatabase, file: string): Promise<KeyFile> {
  const areKeysSealed = !(await new KeyTable(control).isEmpty());
  const areSecretsSealed =
    (await new AccessTable(control).hasSecrets()) || (await new WebhookTable(control).hasSecrets());
  return openKeyFile(file, { mayCreate: !areKeysSealed && !areSecretsSealed });
}
