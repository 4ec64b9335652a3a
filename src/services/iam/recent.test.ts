// What was worked out is kept, up to a bound.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recent } from './recent.ts';

test('a value is made once while it is kept, and the one unused for longest goes first', () => {
  const recent = new Recent<string>(2);
  const made: string[] = [];
  const get = (key: string) =>
    recent.get(key, () => {
      made.push(key);
      return key.toUpperCase();
    });
  assert.deepEqual([get('a'), get('b'), get('a'), get('c'), get('a'), get('b')], ['A', 'B', 'A', 'C', 'A', 'B']);
  assert.deepEqual(made, ['a', 'b', 'c', 'b']);
});

test('what is not there is not kept', () => {
  const recent = new Recent<string>(1);
  recent.get('a', () => 'A');
  assert.equal(
    recent.get('b', () => undefined),
    undefined,
  );
  assert.equal(
    recent.get('a', () => 'again'),
    'A',
  );
});
