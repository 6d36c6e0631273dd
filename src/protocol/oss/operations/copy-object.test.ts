import { expect, test } from 'vitest';
import { bytesOf } from '../../../../test/any-request.ts';
import { putExchange } from '../../../../test/put-exchange.ts';
import { MAX_PUT_BYTES } from '../../../core/limits.ts';
import type { PutRequest, StoredObject } from '../../../core/stored-object.ts';
import type { Exchange } from '../operation.ts';
import type { ObjectStorePort } from '../ports.ts';
import { copyObject } from './copy-object.ts';

/** A store with one source of this size, which shows it and reads nothing of it. */
function exchangeWithSource(sizeBytes: number): Exchange {
  const source = { record: { isDeleteMarker: false, etag: 'A', lastModifiedMs: 0, sizeBytes } } as StoredObject;
  const read: ObjectStorePort['read'] = async (_address, chooseRange) => {
    chooseRange(source);
    return undefined;
  };
  const store = { findBucket: () => ({ name: 'logs', region: 'r' }), read };
  return putExchange({ headers: { 'x-oss-copy-source': '/logs/b' }, store });
}

test('the copy goes to the bucket that was asked about, whichever has its name when the source is open', async () => {
  const record = { isDeleteMarker: false, etag: 'A', lastModifiedMs: 0, versionId: '', sizeBytes: 0 };
  const source = { record, metadata: { headers: {}, user: {} }, tags: [] } as unknown as StoredObject;
  let bucket = { id: 'asked-about', name: 'logs', region: 'r' };
  const read = async () => {
    bucket = { ...bucket, id: 'made-anew' };
    return { ...source, body: bytesOf('') };
  };
  const targets: PutRequest[] = [];
  const put = async (target: PutRequest) => {
    targets.push(target);
    return source;
  };
  const store = { findBucket: () => bucket, read, put };
  await copyObject.handle?.(putExchange({ headers: { 'x-oss-copy-source': '/logs/b' }, store }));
  expect(targets).toMatchObject([{ bucket: 'logs', bucketId: 'asked-about' }]);
});

test('a source of more than 5 GiB is refused before it is read, with the way to copy it', async () => {
  await expect(copyObject.handle?.(exchangeWithSource(MAX_PUT_BYTES + 1))).rejects.toMatchObject({
    code: 'EntityTooLarge',
    message: expect.stringContaining('UploadPartCopy'),
  });
  await expect(copyObject.handle?.(exchangeWithSource(MAX_PUT_BYTES))).rejects.toMatchObject({ code: 'NoSuchKey' });
});
