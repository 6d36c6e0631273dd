import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryKeyRecords } from '../../test/contract/memory-key-records.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { KeyRecord } from './key-records.ts';
import { KeyService } from './key-service.ts';
import { MAX_OPEN_KEYS } from './master-keys.ts';
import { openKey } from './sealed-key.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW_MS = Date.UTC(2026, 9, 4, 16, 0);
const SEALED_BY = { file: '/srv/encryption-key.json', id: 'key-file-1', key: randomBytes(32) };
const SERVICE = { kind: 'service' } as const;
const DEFAULT = { kind: 'kms' } as const;
const kms = (keyId: string) => ({ kind: 'kms', keyId }) as const;

let clock: { nowMs: number; now(): number };
let records: MemoryKeyRecords;
let service: KeyService;

const open = (change: Partial<Parameters<typeof KeyService.open>[0]> = {}) =>
  KeyService.open({ records, sealedBy: SEALED_BY, clock, isOn: true, ...change });

beforeEach(async () => {
  clock = { nowMs: NOW_MS, now: () => clock.nowMs };
  records = new MemoryKeyRecords();
  service = await open();
});

/** Expects the uses of a key to be refused with this code: wrapping, unwrapping, and the check for a rule. */
async function expectRefused(keyId: string, code: ErrorCode, wrapped: Uint8Array = randomBytes(73)): Promise<void> {
  await expect(service.generate(kms(keyId))).rejects.toMatchObject({ code });
  await expect(service.unwrap(keyId, wrapped)).rejects.toMatchObject({ code });
  await expect(service.assertUsable(keyId)).rejects.toMatchObject({ code });
}

async function recordOf(id: string): Promise<KeyRecord> {
  const record = await records.find(id);
  if (record === undefined) throw new Error(`no record of "${id}"`);
  return record;
}

describe('data keys', () => {
  test.each([
    ['the service key', SERVICE],
    ['the default key', DEFAULT],
    ['a named key', kms('photos')],
  ])('are of 32 bytes that differ each time, and come back from their wrapped form, under %s', async (_, master) => {
    await service.account.create({ id: 'photos' });
    const [first, second] = [await service.generate(master), await service.generate(master)];
    expect(first.plain).toHaveLength(32);
    expect(first.plain).not.toEqual(second.plain);
    expect(first.wrapped.length).toBeLessThanOrEqual(512);
    for (const { keyId, plain, wrapped } of [first, second]) {
      expect(Buffer.from(wrapped).includes(Buffer.from(plain))).toBe(false);
      expect(await service.unwrap(keyId, wrapped)).toEqual(plain);
    }
  });

  test('come back after a restart', async () => {
    const keys = [await service.generate(SERVICE), await service.generate(DEFAULT)];
    service = await open();
    for (const { keyId, plain, wrapped } of keys) expect(await service.unwrap(keyId, wrapped)).toEqual(plain);
  });

  test('open under no other key, and not when a byte was changed', async () => {
    for (const id of ['photos', 'videos']) await service.account.create({ id });
    const { wrapped } = await service.generate(kms('photos'));
    await expect(service.unwrap('videos', wrapped)).rejects.toThrow('does not open');
    await expect(service.unwrap('service', wrapped)).rejects.toThrow('does not open');
    const flipped = Buffer.from(wrapped);
    flipped.writeUInt8(flipped.readUInt8(40) ^ 1, 40);
    await expect(service.unwrap('photos', flipped)).rejects.toThrow('does not open');
  });

  test('go on when more keys are in use than are kept open', async () => {
    const first = await service.generate(SERVICE);
    const ids = Array.from({ length: MAX_OPEN_KEYS + 1 }, (_, index) => `key-${index}`);
    const wrapped = [];
    for (const id of ids) {
      await service.account.create({ id });
      wrapped.push(await service.generate(kms(id)));
    }
    for (const { keyId, plain, wrapped: form } of [first, ...wrapped]) {
      expect(await service.unwrap(keyId, form)).toEqual(plain);
    }
  });
});

describe('the default key', () => {
  test('is made at the first use, once, by requests that come at the same time', async () => {
    await service.assertUsable();
    expect((await service.account.list('', 10)).keys).toEqual([]);
    const keys = await Promise.all(Array.from({ length: 5 }, () => service.generate(DEFAULT)));
    expect(new Set(keys.map(({ keyId }) => keyId)).size).toBe(1);
    expect((await service.account.list('', 10)).keys).toMatchObject([{ id: keys[0]?.keyId, isDefault: true }]);
  });

  test('can be disabled, and is not replaced then', async () => {
    const { keyId } = await service.generate(DEFAULT);
    await service.account.disable(keyId);
    await expect(service.generate(DEFAULT)).rejects.toMatchObject({ code: 'EncryptionKeyDisabled' });
    await expect(service.assertUsable()).rejects.toMatchObject({ code: 'EncryptionKeyDisabled' });
  });

  test('is made anew after it was deleted', async () => {
    const { keyId } = await service.generate(DEFAULT);
    await service.account.scheduleDeletion(keyId, 7);
    clock.nowMs += 7 * DAY_MS;
    await service.assertUsable();
    expect((await service.generate(DEFAULT)).keyId).not.toBe(keyId);
  });
});

describe('a key of the account', () => {
  test('is created under a given id or one of its own, and told of without its material', async () => {
    expect(await service.account.create({ id: 'team/photos_1', description: 'for photos' })).toEqual({
      id: 'team/photos_1',
      description: 'for photos',
      spec: 'SYMMETRIC',
      state: 'enabled',
      isDefault: false,
      createdAt: '2026-10-04T16:00:00.000Z',
      deletionAt: null,
    });
    expect((await service.account.create({})).id).toMatch(/^key-[0-9a-f-]{36}$/);
  });

  test.each(['', 'a b', 'schlüssel', 'service', 'service-2', 'services/a', 'a'.repeat(65), 'a\n', '../a'])(
    'is not created under the id "%s"',
    async (id) => {
      await expect(service.account.create({ id })).rejects.toMatchObject({ code: 'InvalidArgument' });
    },
  );

  test.each(['a'.repeat(1025), 'two\nlines', 'to the \u202eleft'])('is not described as "%s"', async (description) => {
    await expect(service.account.create({ description })).rejects.toMatchObject({ code: 'InvalidArgument' });
  });

  test('is not created twice', async () => {
    await service.account.create({ id: 'photos' });
    const { wrapped, plain } = await service.generate(kms('photos'));
    await expect(service.account.create({ id: 'photos' })).rejects.toMatchObject({ code: 'EncryptionKeyExists' });
    expect(await service.unwrap('photos', wrapped)).toEqual(plain);
  });

  test('is unknown until it is created, and the service key is none', async () => {
    await expectRefused('photos', 'EncryptionKeyNotFound');
    await expect(service.generate(kms('service'))).rejects.toMatchObject({ code: 'EncryptionKeyNotFound' });
    await expect(service.account.get('service')).rejects.toMatchObject({ code: 'EncryptionKeyNotFound' });
    for (const act of ['disable', 'enable', 'scheduleDeletion', 'cancelDeletion'] as const) {
      for (const id of ['photos', 'service']) {
        await expect(service.account[act](id)).rejects.toMatchObject({ code: 'EncryptionKeyNotFound' });
      }
    }
  });

  test('that is asymmetric has no material and encrypts nothing', async () => {
    await service.account.create({ id: 'pair', spec: 'RSA_2048' });
    expect(await recordOf('pair')).not.toHaveProperty('sealed');
    await expectRefused('pair', 'EncryptionKeyNotSymmetric');
  });

  test('is listed in pages', async () => {
    for (const id of ['c', 'a', 'b']) await service.account.create({ id });
    expect(await service.account.list('', 2)).toMatchObject({ keys: [{ id: 'a' }, { id: 'b' }], nextAfter: 'b' });
    expect(await service.account.list('b', 2)).toMatchObject({ keys: [{ id: 'c' }], nextAfter: null });
    expect(await service.account.list('', 3)).toMatchObject({ nextAfter: null });
  });
});

describe('a disabled key', () => {
  test('stops working at once, for old data keys too, and works again when it is enabled', async () => {
    await service.account.create({ id: 'photos' });
    const { wrapped, plain } = await service.generate(kms('photos'));
    await service.unwrap('photos', wrapped);
    expect(await service.account.disable('photos')).toMatchObject({ state: 'disabled' });
    expect(await service.account.disable('photos')).toMatchObject({ state: 'disabled' });
    await expectRefused('photos', 'EncryptionKeyDisabled', wrapped);
    expect(await service.account.enable('photos')).toMatchObject({ state: 'enabled' });
    expect(await service.unwrap('photos', wrapped)).toEqual(plain);
  });
});

describe('a key whose deletion is scheduled', () => {
  test('waits for thirty days unless told otherwise, and can be neither used nor changed', async () => {
    await service.account.create({ id: 'photos' });
    const { wrapped } = await service.generate(kms('photos'));
    expect(await service.account.scheduleDeletion('photos')).toMatchObject({
      state: 'pendingDeletion',
      deletionAt: '2026-11-03T16:00:00.000Z',
    });
    await expectRefused('photos', 'EncryptionKeyPendingDeletion', wrapped);
    const code = 'EncryptionKeyPendingDeletion';
    await expect(service.account.enable('photos')).rejects.toMatchObject({ code });
    await expect(service.account.disable('photos')).rejects.toMatchObject({ code });
    await expect(service.account.scheduleDeletion('photos', 7)).rejects.toMatchObject({ code });
  });

  test.each([6, 367, 7.5, Number.NaN])('does not wait for %s days', async (days) => {
    await service.account.create({ id: 'photos' });
    await expect(service.account.scheduleDeletion('photos', days)).rejects.toMatchObject({ code: 'InvalidArgument' });
  });

  test('is enabled again when that is cancelled in time, and its data keys open', async () => {
    await service.account.create({ id: 'photos' });
    const { wrapped, plain } = await service.generate(kms('photos'));
    await service.account.scheduleDeletion('photos', 7);
    clock.nowMs += 7 * DAY_MS - 1;
    const enabled = { state: 'enabled', deletionAt: null };
    expect(await service.account.cancelDeletion('photos')).toMatchObject(enabled);
    clock.nowMs += 1;
    expect(await service.unwrap('photos', wrapped)).toEqual(plain);
    expect(await service.account.cancelDeletion('photos')).toMatchObject(enabled);
  });

  test('that is disabled stays so when there is nothing to cancel', async () => {
    await service.account.create({ id: 'photos' });
    await service.account.disable('photos');
    expect(await service.account.cancelDeletion('photos')).toMatchObject({ state: 'disabled' });
  });

  test.each([
    ['used', () => expectRefused('photos', 'EncryptionKeyNotFound')],
    ['listed', async () => expect(await service.account.list('', 10)).toEqual({ keys: [], nextAfter: null })],
    ['opened with the service', () => open()],
    [
      'still to be saved',
      () => expect(service.account.cancelDeletion('photos')).rejects.toMatchObject({ code: 'EncryptionKeyNotFound' }),
    ],
  ])('is gone, its material with it, when after its time it is %s', async (_, touch) => {
    await service.account.create({ id: 'photos' });
    await service.account.scheduleDeletion('photos', 7);
    clock.nowMs += 7 * DAY_MS;
    await touch();
    expect(await recordOf('photos')).toMatchObject({ state: 'destroyed' });
    expect(await recordOf('photos')).not.toHaveProperty('sealed');
    await expectRefused('photos', 'EncryptionKeyNotFound');
  });

  test('leaves an id that is not given again', async () => {
    await service.account.create({ id: 'photos' });
    await service.account.scheduleDeletion('photos', 7);
    clock.nowMs += 7 * DAY_MS;
    await expect(service.account.create({ id: 'photos' })).rejects.toMatchObject({ code: 'EncryptionKeyExists' });
    await service.account.list('', 10);
    await expect(service.account.create({ id: 'photos' })).rejects.toThrow('not given again');
  });
});

describe('the key service switched off', () => {
  test('refuses SSE-KMS and the care of keys, and serves SSE-OSS', async () => {
    await service.account.create({ id: 'photos' });
    const { wrapped } = await service.generate(kms('photos'));
    service = await open({ isOn: false });
    await expectRefused('photos', 'KeyServiceOff', wrapped);
    await expect(service.generate(DEFAULT)).rejects.toMatchObject({ code: 'KeyServiceOff' });
    await expect(service.assertUsable()).rejects.toMatchObject({ code: 'KeyServiceOff' });
    await expect(service.account.create({})).rejects.toMatchObject({ code: 'KeyServiceOff' });
    await expect(service.account.list('', 10)).rejects.toMatchObject({ code: 'KeyServiceOff' });
    await expect(service.account.cancelDeletion('photos')).rejects.toMatchObject({ code: 'KeyServiceOff' });
    const own = await service.generate(SERVICE);
    expect(await service.unwrap(own.keyId, own.wrapped)).toEqual(own.plain);
  });
});

describe('the key file', () => {
  test('that is another is told from the right one, and nothing is written', async () => {
    const before = await recordOf('service');
    await expect(open({ sealedBy: { ...SEALED_BY, id: 'key-file-2', key: randomBytes(32) } })).rejects.toThrow(
      /"\/srv\/encryption-key.json" .* has the id key-file-2, .* sealed by the file with the id key-file-1/,
    );
    expect(await recordOf('service')).toEqual(before);
  });

  test('whose key was changed is refused', async () => {
    await expect(open({ sealedBy: { ...SEALED_BY, key: randomBytes(32) } })).rejects.toThrow('was changed since');
  });

  test('opens the master keys in the table, which hold nothing plain', async () => {
    await service.account.create({ id: 'photos' });
    const { sealed } = await recordOf('photos');
    const master = openKey(SEALED_BY.key, sealed?.bytes ?? new Uint8Array(), 'photos');
    expect(master).toHaveLength(32);
    const { plain, wrapped } = await service.generate(kms('photos'));
    expect(openKey(master ?? new Uint8Array(), wrapped, 'photos')).toEqual(plain);
    expect(Buffer.from(sealed?.bytes ?? '').includes(master ?? '')).toBe(false);
  });
});
