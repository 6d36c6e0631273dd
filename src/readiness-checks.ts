/** What keeps a server from its work, each tried by a check of its own. */

import assert from 'node:assert/strict';
import path from 'node:path';
import type { Logger } from 'pino';
import type { Settings } from './config.ts';
import { assertWritable } from './control/write-probe.ts';
import type { DomainError } from './core/errors.ts';
import type { Databases } from './databases.ts';
import { assertTakesWrites } from './telemetry/disk.ts';
import { type Check, Readiness } from './telemetry/readiness.ts';

export interface ReadinessParts {
  readonly settings: Pick<Settings, 'data'>;
  readonly databases: Pick<Databases, 'control' | 'store'>;
  readonly log: Logger;
  readonly unusable: Promise<DomainError>;
  readonly scheduler: { readonly isWell: boolean };
}

export function openReadiness({ log, ...parts }: ReadinessParts): Readiness {
  return new Readiness(checksOf(parts), {
    onTurn: ({ name, isOk, text }, err) => {
      if (isOk) log.info({ check: name }, `ready again: ${text}`);
      else log.error({ check: name, err }, `not ready: ${text}`);
    },
  });
}

function checksOf({ settings, databases, unusable, scheduler }: Omit<ReadinessParts, 'log'>): Check[] {
  const { control, store } = databases;
  let lost: DomainError | undefined;
  void unusable.then((reason) => {
    lost = reason;
  });
  return [
    {
      name: 'control',
      good: 'The control database takes writes.',
      bad: "The control database refuses writes, so rules and runs stand still. The server's log says why.",
      assertGood: () => assertWritable(control),
    },
    {
      name: 'store',
      good: 'The store is open.',
      bad: 'The store has to be opened again: start the server once more.',
      assertGood: () => {
        if (lost !== undefined) throw lost;
        store.findBucket('-');
      },
    },
    {
      name: 'disk',
      good: 'The disk takes writes.',
      bad: "The disk refuses writes: it is full, or fails. Make room on it; the server's log says what it answered.",
      assertGood: () => assertTakesWrites(path.join(settings.data, 'spool')),
    },
    {
      name: 'scheduler',
      good: 'What falls due is planned.',
      bad: "What falls due is not planned any more. The server's log says why; start the server once more.",
      assertGood: () => assert(scheduler.isWell, 'the last look at what is due has failed'),
    },
  ];
}
