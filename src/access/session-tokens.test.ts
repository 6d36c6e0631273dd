import { expect, test } from 'vitest';
import { anySealer } from '../../test/session-fixture.ts';
import type { SecretSealer } from './secret-sealer.ts';
import { MAX_TOKEN_CHARACTERS, SessionTokens } from './session-tokens.ts';

const session = { accessKeyId: 'STS.a', secret: 's', roleId: '3', sessionName: 'anna', expiresAtMs: 0 };

test('a text longer than any token is not looked at', () => {
  const { tokens, opened } = world();
  expect(tokens.open('A'.repeat(MAX_TOKEN_CHARACTERS + 4))).toBeUndefined();
  expect(opened()).toBe(0);
  expect(tokens.open('A'.repeat(MAX_TOKEN_CHARACTERS))).toBeUndefined();
  expect(opened()).toBe(1);
});

test('a token in use is opened once, and one that a thousand came after once more', () => {
  const { tokens, opened } = world();
  const [kept, left] = [tokens.seal(session), tokens.seal(session)];
  tokens.open(left);
  for (let n = 0; n < 1024; n++) {
    tokens.open(tokens.seal({ ...session, sessionName: `s${n}` }));
    expect(tokens.open(kept)).toEqual(session);
  }
  expect(opened()).toBe(1026);
  expect(tokens.open(left)).toEqual(session);
  expect(opened()).toBe(1027);
});

/** Tokens, and how many of them were opened. */
function world() {
  const sealer = anySealer();
  let count = 0;
  const counting: SecretSealer = {
    seal: (name, plain) => sealer.seal(name, plain),
    open(name, sealed) {
      count++;
      return sealer.open(name, sealed);
    },
  };
  return { tokens: new SessionTokens(counting), opened: () => count };
}
