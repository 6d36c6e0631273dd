import { expect, test } from 'vitest';
import { resolveHost } from './resolve-host.ts';

const { signal } = new AbortController();

test.each(['localhost', 'LOCALHOST', 'localhost.', 'hooks.localhost'])(
  '%s is this machine; nobody is asked',
  async (name) => {
    const found = await resolveHost(name, signal);
    expect(found.map(({ address }) => address)).toEqual(['127.0.0.1', '::1']);
  },
);

test('a name that there is none of has no address', async () => {
  await expect(resolveHost('no-such-host.invalid', signal)).rejects.toThrow();
});

test('who is stopped meanwhile learns why', async () => {
  await expect(resolveHost('receiver.invalid', AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
});
