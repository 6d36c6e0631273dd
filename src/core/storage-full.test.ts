import { expect, test } from 'vitest';
import { storageFull } from './storage-full.ts';

const withCode = (code: string | number) => Object.assign(new Error(`of /srv/data: ${code}`), { code });

test.each(['ENOSPC', 'EDQUOT', 'SQLITE_FULL', 28, -30792])('%s means that there is no room', (code) => {
  expect(storageFull(withCode(code))).toMatchObject({ code: 'StorageFull', details: {} });
});

test('the cause of a cause may be that there is no room, and no message shows a path', () => {
  const refusal = storageFull(new Error('commit', { cause: new Error('write', { cause: withCode('ENOSPC') }) }));
  expect(refusal?.code).toBe('StorageFull');
  expect(refusal?.message).not.toContain('/srv');
});

test.each([withCode('EIO'), withCode(5), new Error('other'), undefined, 'text'])('%s is no matter of room', (error) => {
  expect(storageFull(error)).toBeUndefined();
});
