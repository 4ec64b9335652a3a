// Authorisation tokens: whom they stand for, and when they don't.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemRandom } from '#kernel/random.ts';
import { elsewhere, rootOf } from './fixture.ts';
import { createSeals } from './seal.ts';
import { createTokens } from './token.ts';

const principal = rootOf('123456789012');
const start = new Date('2026-01-01T00:00:00Z');

function makeTokens(options: { at?: Date; key?: number; known?: typeof principal | undefined } = {}) {
  const { at = start, key = 1 } = options;
  const known = 'known' in options ? options.known : principal;
  return createTokens({
    seals: createSeals(Buffer.alloc(32, key)),
    clock: { now: () => at, sleep: () => Promise.resolve() },
    random: systemRandom,
    authorizer: {
      credential: (id) => (id === known?.accessKeyId ? { principal: known, secretAccessKey: 'secret' } : undefined),
    },
  });
}

test('a token stands for its caller for twelve hours', () => {
  const { password, expiresAt } = makeTokens().forPrincipal(principal);
  assert.equal(expiresAt.toISOString(), '2026-01-01T12:00:00.000Z');
  assert.match(password, /^[A-Za-z0-9._-]+$/);
  assert.deepEqual(makeTokens().verify(password), { use: 'principal', principal });
  assert.equal(makeTokens({ at: new Date(expiresAt.getTime() - 1) }).verify(password) === 'expired', false);
  assert.equal(makeTokens({ at: expiresAt }).verify(password), 'expired');
});

test('a token is void under another key, without its access key, or for another holder of it', () => {
  const { password } = makeTokens().forPrincipal(principal);
  assert.equal(makeTokens({ key: 2 }).verify(password), 'invalid');
  assert.equal(makeTokens({ known: undefined }).verify(password), 'invalid');
  assert.equal(
    makeTokens({ known: { ...principal, arn: 'arn:aws:iam::123456789012:user/eve' } }).verify(password),
    'invalid',
  );
});

test('a pull token stands for one registry', () => {
  for (const account of [elsewhere.account, '123456789012']) {
    const { password } = makeTokens().forPull(elsewhere, account);
    const caller = makeTokens().verify(password);
    assert.deepEqual(caller, { use: 'pull', scope: elsewhere, principal: { ...rootOf(account), accessKeyId: '' } });
  }
});

test('a pull token of the platform’s own asks no policy', () => {
  const caller = makeTokens().verify(makeTokens().forPull(elsewhere).password);
  const anyone = { ...rootOf(elsewhere.account), accessKeyId: '' };
  assert.deepEqual(caller, { use: 'pull', scope: elsewhere, principal: anyone, settled: true });
});

test('no changed token and no other text is believed', () => {
  const { password } = makeTokens().forPrincipal(principal);
  const tokens = makeTokens();
  const changed = fc.tuple(fc.nat(password.length - 1), fc.string({ minLength: 0, maxLength: 2 }));
  fc.assert(
    fc.property(changed, ([at, text]) => {
      const other = password.slice(0, at) + text + password.slice(at + 1);
      if (other !== password) assert.equal(tokens.verify(other), 'invalid');
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => assert.equal(tokens.verify(text), 'invalid')));
});
