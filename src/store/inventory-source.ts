/** An embedded bucket as the inventory engine sees it. */

import type { ObjectStore } from './object-store.ts';
import type { SnapshotOptions } from './snapshot-reader.ts';

/** The module that a worker thread imports to read the bucket, as source or built. */
const READER = new URL(
  import.meta.url.endsWith('.ts') ? './snapshot-reader.ts' : './snapshot-reader.js',
  import.meta.url,
);

export interface BucketSourceOptions {
  readonly store: ObjectStore;
  /** The store's folder, which readers open by themselves. */
  readonly folder: string;
  readonly bucket: string;
  /** List older versions too. */
  readonly withNoncurrent: boolean;
  readonly now: () => number;
}

export class BucketSource {
  readonly reader: { readonly module: string; readonly options: SnapshotOptions };
  readonly #store: ObjectStore;
  readonly #bucket: string;
  readonly #now: () => number;

  constructor({ store, folder, bucket, withNoncurrent, now }: BucketSourceOptions) {
    this.#store = store;
    this.#bucket = bucket;
    this.#now = now;
    this.reader = {
      module: READER.href,
      options: { folder, bucket, bucketNumber: store.bucketNumber(bucket), withNoncurrent },
    };
  }

  /** How many versions there are about now: enough for deciding how many workers pay. */
  estimateRows(): number {
    const { objects, deleteMarkers } = this.#store.totals(this.#bucket);
    return objects + deleteMarkers;
  }

  /** Runs `begin` while no write is committed, so that readers that begin in it share one instant; gives the instant. */
  pin(begin: () => Promise<void>): Promise<number> {
    return this.#store.hold(async () => {
      await begin();
      return this.#now();
    });
  }
}
