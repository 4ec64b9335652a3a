// Derived keys: the same ones always, of this installation only, and none for an id that was made up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createAccountKeys } from './account-keys.ts';

const keys = createAccountKeys(Buffer.alloc(32, 1));
const accounts = fc.stringMatching(/^\d{12}$/);

test('every account has its keys, whose id tells it', () => {
  fc.assert(
    fc.property(accounts, (account) => {
      const { accessKeyId, secretAccessKey } = keys.keysOf(account);
      assert.match(accessKeyId, /^AKIA[A-Z2-7]{16}$/);
      assert.match(secretAccessKey, /^[A-Za-z0-9/+]{40}$/);
      assert.equal(keys.accountOf(accessKeyId), account);
    }),
  );
  for (const account of ['000000000000', '999999999999']) {
    assert.equal(keys.accountOf(keys.keysOf(account).accessKeyId), account);
  }
});

test('another installation has other keys, and does not know these', () => {
  const others = createAccountKeys(Buffer.alloc(32, 2));
  const [mine, theirs] = [keys, others].map((each) => each.keysOf('123456789012'));
  assert.notEqual(mine!.accessKeyId, theirs!.accessKeyId);
  assert.notEqual(mine!.secretAccessKey, theirs!.secretAccessKey);
  assert.equal(others.accountOf(mine!.accessKeyId), undefined);
});

test('an id with any other letter, and any other text, is no account’s', () => {
  const alphabet = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567');
  fc.assert(
    fc.property(accounts, fc.integer({ min: 4, max: 19 }), fc.constantFrom(...alphabet), (account, at, letter) => {
      const { accessKeyId } = keys.keysOf(account);
      const changed = accessKeyId.slice(0, at) + letter + accessKeyId.slice(at + 1);
      if (changed !== accessKeyId) assert.equal(keys.accountOf(changed), undefined);
    }),
  );
  for (const text of ['', 'AKIAIOSFODNN7EXAMPLE', 'AKIA7777777777777777', 'ASIAAAAAAAAAAAAAAAAA']) {
    assert.equal(keys.accountOf(text), undefined, text);
  }
});

test('what is no account has no keys', () => {
  assert.throws(() => keys.keysOf('12'), /twelve digits/);
  assert.throws(() => createAccountKeys(Buffer.alloc(16)), /32 bytes/);
});
