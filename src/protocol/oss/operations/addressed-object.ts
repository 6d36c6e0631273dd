import { noSuchKey } from '../../../core/object-errors.ts';
import type { StoredObject } from '../../../core/stored-object.ts';
import { objectAddress } from '../object-address.ts';
import type { Exchange } from '../operation.ts';
import { assertNoMarker } from './readable-object.ts';

/** The object, or the version of it, that the request addresses. Throws for one that is missing or a delete marker. */
export function addressedObject(exchange: Exchange): StoredObject {
  const address = objectAddress(exchange);
  const object = exchange.services.store.head(address);
  if (object === undefined) throw noSuchKey(address.key);
  assertNoMarker(address, object);
  return object;
}
