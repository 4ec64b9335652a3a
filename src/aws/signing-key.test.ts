// A signing key signs as every HMAC-SHA256 does.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { SigningKey } from './signing-key.ts';

test('what a key signs is the HMAC-SHA256 of it, one text after the other', () => {
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }));
  fc.assert(
    fc.property(key, texts, (bytes, all) => {
      const signing = new SigningKey(Buffer.from(bytes));
      for (const text of all) {
        assert.deepEqual(signing.sign(text), createHmac('sha256', bytes).update(text).digest('hex'));
      }
    }),
  );
});

test('a key of another length is none', () => {
  for (const length of [0, 31, 33, 65]) assert.throws(() => new SigningKey(Buffer.alloc(length)), RangeError);
});
