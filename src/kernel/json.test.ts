// sameJson against JSON itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deepFreeze, sameJson } from './json.ts';

test('a JSON value is the same as its own copy', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) =>
      sameJson(value, JSON.parse(JSON.stringify(value))),
    ),
  );
});

test('two JSON values are the same exactly where node:assert says that they are', () => {
  const small = fc.jsonValue({ maxDepth: 2, noUnicodeString: true });
  fc.assert(
    fc.property(small, small, (a, b) => {
      let equal = true;
      try {
        assert.deepEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
      } catch {
        equal = false;
      }
      return sameJson(a, b) === equal;
    }),
  );
});

const survives = (value: unknown) => sameJson(value, JSON.parse(JSON.stringify(value)));

test('what JSON loses or changes is not the same after a round trip', () => {
  const lossy = [
    new Date(0),
    new Map(),
    new Set([1]),
    NaN,
    Infinity,
    [undefined],
    Array(1),
    Buffer.from('a'),
    /x/,
    () => 1,
  ];
  for (const value of lossy) assert.equal(survives({ value: [value] }), false, String(value));
});

test('an undefined property is the same as none', () => {
  assert.equal(sameJson({ a: 1, b: undefined }, { a: 1 }), true);
  assert.equal(sameJson({ a: 1 }, { a: 1, b: undefined }), true);
  assert.equal(sameJson({ a: 1 }, { a: 1, b: null }), false);
  assert.equal(sameJson({ a: undefined }, { b: 1 }), false);
  assert.equal(sameJson({ toString: undefined }, {}), true);
});

test('deepFreeze reaches every value', () => {
  const value = { a: [{ b: {} }] };
  deepFreeze(value);
  assert.ok(Object.isFrozen(value.a) && Object.isFrozen(value.a[0]) && Object.isFrozen(value.a[0]!.b));
});
