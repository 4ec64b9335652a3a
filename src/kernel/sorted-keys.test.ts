// SortedKeys against a plain sorted array.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SortedKeys } from './sorted-keys.ts';

const keys = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', '/', '\u{1f600}', '\uffff'), maxLength: 4 }),
  fc.string(),
);

test('sorted keys agree with a sorted array, whatever is added, removed and looked for', () => {
  const steps = fc.array(fc.record({ add: fc.boolean(), key: keys }), { maxLength: 200 });
  fc.assert(
    fc.property(steps, fc.array(keys), (history, prefixes) => {
      const sorted = new SortedKeys();
      const model = new Set<string>();
      for (const { add, key } of history) {
        if (add) {
          sorted.add(key);
          model.add(key);
        } else {
          sorted.delete(key);
          model.delete(key);
        }
      }
      assert.equal(sorted.size, model.size);
      for (const prefix of ['', ...prefixes]) {
        const all = [...model].filter((key) => key.startsWith(prefix)).toSorted();
        assert.deepEqual(sorted.startingWith(prefix), all);
        for (const after of prefixes) {
          const following = all.filter((key) => key > after);
          assert.deepEqual(sorted.startingWith(prefix, after), following);
          assert.deepEqual(sorted.startingWith(prefix, after, 2), following.slice(0, 2));
        }
      }
    }),
  );
});

test('sorted keys stay in order across many chunks, filled and emptied in any order', () => {
  const sorted = new SortedKeys();
  const all = Array.from({ length: 5000 }, (_, i) => `k/${String((i * 7919) % 5000).padStart(4, '0')}`);
  for (const key of all) sorted.add(key);
  assert.deepEqual(sorted.startingWith('k/'), all.toSorted());
  assert.deepEqual(
    sorted.startingWith('k/123'),
    Array.from({ length: 10 }, (_, i) => `k/123${i}`),
  );
  assert.deepEqual(sorted.startingWith('k/', 'k/2345', 1000), all.toSorted().slice(2346, 3346));
  for (const key of all) if (!key.endsWith('7')) sorted.delete(key);
  assert.equal(sorted.size, 500);
  assert.deepEqual(sorted.startingWith(''), all.filter((key) => key.endsWith('7')).toSorted());
});
