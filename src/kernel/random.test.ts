// The system's chance comes out of a stock, and no byte of it twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uuid } from './id.ts';
import { systemRandom } from './random.ts';

test('bytes come in the length that was asked for, and never again', () => {
  const seen = new Set<string>();
  for (let count = 0; count < 5_000; count++) {
    const bytes = systemRandom.bytes(16);
    assert.equal(bytes.length, 16);
    seen.add(bytes.toString('hex'));
  }
  assert.equal(seen.size, 5_000);
  assert.equal(systemRandom.bytes(100_000).length, 100_000);
});

test('a request for more does not change what was given out before', () => {
  const first = systemRandom.bytes(16);
  const copy = Buffer.from(first);
  for (let count = 0; count < 1_000; count++) systemRandom.bytes(64);
  assert.deepEqual(first, copy);
});

test('a uuid is of version 4', () => {
  assert.match(uuid(systemRandom), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
