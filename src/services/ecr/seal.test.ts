// Seals and veils: that nobody but this installation makes or lifts them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSeals } from './seal.ts';

const seals = createSeals(Buffer.alloc(32, 1));
const others = createSeals(Buffer.alloc(32, 2));
const block = fc.uint8Array({ minLength: 16, maxLength: 16 });

test('a veil is lifted by the same key, purpose and text, and by no other', () => {
  fc.assert(
    fc.property(block, fc.string(), fc.string(), (bytes, one, other) => {
      const veiled = seals.veil('p', one, bytes);
      assert.equal(veiled.length, 16);
      assert.deepEqual(seals.unveil('p', one, veiled), Buffer.from(bytes));
      if (one !== other) assert.notDeepEqual(seals.unveil('p', other, veiled), Buffer.from(bytes));
      assert.notDeepEqual(seals.unveil('q', one, veiled), Buffer.from(bytes));
      assert.notDeepEqual(others.unveil('p', one, veiled), Buffer.from(bytes));
    }),
  );
});

test('a proof is for its own key, purpose and text', () => {
  const proof = seals.seal('p', 'text');
  assert.equal(seals.verify('p', 'text', proof), true);
  assert.equal(seals.verify('p', 'texts', proof), false);
  assert.equal(seals.verify('q', 'text', proof), false);
  assert.equal(others.verify('p', 'text', proof), false);
  assert.equal(seals.verify('p', 'text', ''), false);
});
