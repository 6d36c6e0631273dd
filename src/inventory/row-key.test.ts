import fc from 'fast-check';
import { expect, test } from 'vitest';
import { objectRecord } from '../../test/arbitraries.ts';
import { packRecord } from '../core/record.ts';
import { reportColumns } from '../core/report-columns.ts';
import { createRowEncoder, MAX_ROW_BYTES } from './row-encoder.ts';
import { rowKey } from './row-key.ts';

const columns = reportColumns({ includedObjectVersions: 'All', optionalFields: ['Size', 'ETag'] });

test('the key that went into a row is read back out of it, UTF-8 or not', () => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 1023 });
  fc.assert(
    fc.property(key, objectRecord, fc.nat(50), (key, record, rowStart) => {
      const packed = packRecord(record);
      const block = new Uint8Array(rowStart + MAX_ROW_BYTES).fill(0x22);
      const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
      createRowEncoder({ bucket: 'photos', columns, nullVersionId: '' }).encode(
        block,
        rowStart,
        key,
        0,
        key.length,
        view,
        0,
      );
      expect(Buffer.compare(rowKey(block, rowStart), key)).toBe(0);
    }),
  );
});
