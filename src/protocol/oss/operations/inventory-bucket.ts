import type { Bucket } from '../../../core/bucket.ts';
import { DomainError } from '../../../core/errors.ts';
import { bucketOf, type Exchange } from '../operation.ts';

/** The bucket whose inventory a request is about; throws `InventoryOff` where there is none (EC 0020-00000001). */
export function inventoryBucketOf(exchange: Exchange): Bucket {
  if (exchange.services.settings.inventory) return bucketOf(exchange);
  throw new DomainError(
    'InventoryOff',
    'Bucket inventory is not available here: the server is configured without it (inventory: false).',
  );
}
