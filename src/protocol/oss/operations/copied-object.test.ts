import { expect, test } from 'vitest';
import { putExchange } from '../../../../test/put-exchange.ts';
import { DomainError } from '../../../core/errors.ts';
import type { StoredObject } from '../../../core/stored-object.ts';
import type { Exchange } from '../operation.ts';
import { type CopiedObject, withCopiedObject } from './copied-object.ts';

const OBJECT = { record: { isDeleteMarker: false, etag: 'A', lastModifiedMs: 0, versionId: '' } } as StoredObject;

/** A body of three chunks that tells whether it was closed. */
function trackedBody() {
  const state = { isClosed: false };
  const chunks = [1, 2, 3].map((byte) => Buffer.of(byte)).values();
  const iterator = {
    next: async () => chunks.next(),
    return: async () => {
      state.isClosed = true;
      return { done: true as const, value: undefined };
    },
  };
  return { state, body: { [Symbol.asyncIterator]: () => iterator } };
}

function exchangeWith(body: AsyncIterable<Uint8Array>): Exchange {
  const store = { findBucket: () => ({ region: 'r' }), read: async () => ({ ...OBJECT, body }) };
  return putExchange({ headers: { 'x-oss-copy-source': '/logs/b' }, store });
}

const refusal = new DomainError('EncryptionKeyNotFound', 'No such key.');

test.each<[string, (source: CopiedObject) => Promise<unknown>]>([
  [
    'was read to its end',
    async ({ body }) => {
      for await (const _ of body);
    },
  ],
  [
    'was left in the middle',
    async ({ body }) => {
      for await (const _ of body) break;
    },
  ],
  ['was never read', async () => undefined],
  [
    'belongs to a copy that is refused before it is read',
    async () => {
      throw refusal;
    },
  ],
])('a source that %s is closed', async (_what, copy) => {
  const { state, body } = trackedBody();
  await withCopiedObject(exchangeWith(body), { chooseRange: () => undefined, copy }).catch((error: unknown) =>
    expect(error).toBe(refusal),
  );
  expect(state.isClosed).toBe(true);
});

test.each(['InvalidCrc64', 'IncompleteBody'] as const)(
  'a source that fails its own %s is a fault of ours',
  async (code) => {
    const { body } = trackedBody();
    const cause = new DomainError(code, 'Damaged.');
    const copying = withCopiedObject(exchangeWith(body), {
      chooseRange: () => undefined,
      copy: () => Promise.reject(cause),
    });
    const error = await copying.catch((thrown: unknown) => thrown);
    expect(error).not.toBeInstanceOf(DomainError);
    expect(error).toMatchObject({ cause });
  },
);
