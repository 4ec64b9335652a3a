// Seeded randomness repeats itself, and is random otherwise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fraction } from './random.ts';
import { seededRandom } from './seeded-random.ts';

test('the same seed gives the same bytes, another seed others', () => {
  assert.deepEqual(seededRandom(7).bytes(33), seededRandom(7).bytes(33));
  assert.notDeepEqual(seededRandom(7).bytes(33), seededRandom(8).bytes(33));
});

test('fractions are spread evenly', () => {
  const random = seededRandom(1);
  const tenths = Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i += 1) tenths[Math.floor(fraction(random) * 10)]! += 1;
  for (const count of tenths) assert.ok(Math.abs(count - 10_000) < 400, `${tenths}`);
});
