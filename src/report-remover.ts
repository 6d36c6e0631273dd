/** Removes reports from buckets of the embedded store, with the rights of the rule's role and no others. */

import type { ObjectFacts } from './access/access.ts';
import type { Directory } from './access/directory-facts.ts';
import { faultsText, removalFaults } from './access/role-rights.ts';
import type { StoredRun } from './control/run-ledger.ts';
import type { Clock } from './core/clock.ts';
import { DomainError, hasCode } from './core/errors.ts';
import { type DataFile, manifestKey, reportPlace } from './core/report.ts';
import type { Rule } from './core/rule.ts';
import { destinationOf } from './embedded-engine.ts';
import { type DeliveredReport, isVisible, type RemovalPlace, removeReport } from './inventory/remove-report.ts';
import type { RemovalSteps, ReportRemover } from './jobs/expired-reports.ts';
import { BucketDestination } from './store/inventory-destination.ts';
import type { ObjectStore } from './store/object-store.ts';

export interface RemoverOptions {
  readonly store: ObjectStore;
  readonly roles: Pick<Directory, 'findRole'>;
  /** The rule of a run as it is now; undefined when it is gone. */
  readonly ruleOf: (run: StoredRun) => Promise<Rule | undefined>;
  readonly clock: Clock;
  /** The account that owns the keys of the key service. */
  readonly keyAccount: string;
}

/** A rule as far as it says where its reports lie, and on whose behalf. */
export interface Delivering {
  readonly bucket: string;
  readonly rule: Rule;
}

export class EmbeddedReportRemover implements ReportRemover {
  readonly #options: RemoverOptions;

  constructor(options: RemoverOptions) {
    this.#options = options;
  }

  async isVisible(run: StoredRun, files: readonly DataFile[]): Promise<boolean> {
    const report = reportOf(run, files);
    return report !== undefined && (await isVisible(this.#placeOf(run), report));
  }

  async remove(run: StoredRun, files: readonly DataFile[], steps: RemovalSteps): Promise<boolean> {
    const report = reportOf(run, files);
    // With its bucket gone, so is the report.
    if (report === undefined || destinationOf(this.#options.store, run.rule) === undefined) return await steps.begin();
    const keys = [manifestKey(report.folder), ...files.map(({ key }) => key)];
    const asNow = await this.#withRoleOfNow(run);
    const begin = async () => {
      this.#assertMayRemove(asNow, keys);
      return await steps.begin();
    };
    return await removeReport(this.#placeOf(asNow), report, { ...steps, begin });
  }

  /**
   * What keeps the role from removing these keys or, unless they are given, some that a run of the rule might write. What
   * lies in no bucket of the account needs no right.
   */
  removalFault({ bucket, rule }: Delivering, keys?: readonly string[]): string | undefined {
    const { store, roles, clock, keyAccount } = this.#options;
    const { roleArn, accountId, encryption } = rule.destination;
    const destination = destinationOf(store, rule);
    if (destination === undefined) return undefined;
    const use = { roleArn, role: roles.findRole(roleArn), owner: accountId };
    const place = reportPlace(bucket, rule);
    const objectOf = (key: string) => factsOf(store, destination.name, key);
    const faults = removalFaults(
      { ...use, destination, encryption, place, keepsLatest: false, keyAccount, nowMs: clock.now(), objectOf },
      keys,
    );
    return faults.length === 0 ? undefined : `Old reports can't be removed. ${faultsText(faults)}`;
  }

  /** The report lies where the run has put it, but who may remove it is for the rule as it is by now. */
  async #withRoleOfNow(run: StoredRun): Promise<StoredRun> {
    const { roleArn } = ((await this.#options.ruleOf(run)) ?? run.rule).destination;
    return { ...run, rule: { ...run.rule, destination: { ...run.rule.destination, roleArn } } };
  }

  #assertMayRemove(run: StoredRun, keys: readonly string[]): void {
    const fault = this.removalFault(run, keys);
    if (fault !== undefined) throw new DomainError('RoleLost', fault);
  }

  #placeOf(run: StoredRun): RemovalPlace {
    const { store } = this.#options;
    const bucket = new BucketDestination(store, run.rule.destination);
    /** Undefined when the bucket is gone, or another account has made one of its name. */
    const inBucket = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
      if (destinationOf(store, run.rule) === undefined) return undefined;
      try {
        return await work();
      } catch (error) {
        if (hasCode(error, 'NoSuchBucket')) return undefined;
        throw error;
      }
    };
    return {
      read: (key, maxBytes) => inBucket(() => bucket.read(key, maxBytes)),
      stat: (key) => inBucket(() => bucket.stat(key)),
      discard: async (key, current) => {
        this.#assertMayRemove(run, [key]);
        return (await inBucket(() => bucket.discard(key, current))) ?? true;
      },
    };
  }
}

function reportOf(run: StoredRun, files: readonly DataFile[]): DeliveredReport | undefined {
  return run.folder === null ? undefined : { place: reportPlace(run.bucket, run.rule), folder: run.folder, files };
}

function factsOf(store: ObjectStore, bucket: string, key: string): ObjectFacts | undefined {
  const object = store.head({ bucket, key });
  return object && { acl: object.record.acl, tags: object.tags };
}
