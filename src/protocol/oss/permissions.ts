/** Asks whether one request may do what it does (protocol sheet, section 4). */

import type { ObjectFacts, RequestContext, Resource } from '../../access/access.ts';
import type { Identity } from '../../access/identity.ts';
import { assertAllowed } from '../../access/refusal.ts';
import { bucketResource, objectResource, serviceResource } from '../../access/resource.ts';
import type { Bucket } from '../../core/bucket.ts';
import { DomainError } from '../../core/errors.ts';
import type { ObjectAddress } from '../../core/stored-object.ts';
import type { Exchange, Named } from './operation.ts';
import type { ObjectStorePort, Services } from './ports.ts';

export interface Asker {
  readonly identity: Identity;
  readonly context: RequestContext;
  readonly services: Pick<Services, 'settings' | 'store'>;
}

/** The questions of one request. What was asked last stays, because that is what a refusal was about. */
export class Permissions {
  readonly #asker: Asker;
  #last: { readonly action: string; readonly resource: string } | undefined;

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  get last(): { readonly action: string; readonly resource: string } | undefined {
    return this.#last;
  }

  /** Throws unless this is allowed. */
  assertAllowed(...[action, on, facts]: Parameters<Exchange['assertAllowed']>): void {
    const { identity, context } = this.#asker;
    const resource = 'arn' in on ? on : this.#resourceOf(on);
    this.#last = { action, resource: resource.arn };
    assertAllowed({ identity, action, resource, context: facts === undefined ? context : { ...context, ...facts } });
  }

  #resourceOf({ bucket: name, key = '', versionId }: Named): Resource {
    const { identity, services } = this.#asker;
    const { settings, store } = services;
    const account = identity.kind === 'anonymous' ? settings.accountId : identity.accountId;
    if (name === '') return serviceResource(account);
    // One that isn't there is judged like one of the asking account: its users learn that it is missing as far as they
    // may know of it, and who has no account learns nothing.
    const bucket = store.findBucket(name) ?? bucketToBe({ name, region: settings.regions[0], owner: account });
    if (key === '') return bucketResource(bucket);
    const address = { bucket: name, key, ...(versionId !== undefined && { versionId }) };
    return objectResource(
      bucket,
      key,
      atMostOnce(() => objectFacts(store, address)),
    );
  }
}

/** A bucket that nobody has made yet, as decisions see it. */
export function bucketToBe(place: Pick<Bucket, 'name' | 'region' | 'owner'>): Bucket {
  return { ...place, id: '', storageClass: 'Standard', redundancy: 'LRS', acl: 'private', createdAtMs: 0 };
}

function objectFacts(store: ObjectStorePort, address: ObjectAddress): ObjectFacts | undefined {
  try {
    const object = store.head(address);
    return object && { acl: object.record.acl, tags: object.tags };
  } catch (error) {
    // No such version, or none that could be: who may know of it hears that from the operation.
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}

/** A policy may ask for the same again in each of its conditions. */
function atMostOnce<T>(look: () => T): () => T {
  let found: { readonly value: T } | undefined;
  return () => {
    found ??= { value: look() };
    return found.value;
  };
}
