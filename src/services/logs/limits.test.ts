// The limits of a request, in AWS's words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLength, describeLimit, readLimit } from './limits.ts';

const refusal = (constraint: string) => ({
  code: 'InvalidParameterException',
  message: `1 validation error detected: Value ${constraint}`,
});

test('a Describe call gives up to 50 items, a reading up to 10,000 events', () => {
  assert.deepEqual([describeLimit(undefined), describeLimit(1), describeLimit(50)], [50, 1, 50]);
  assert.deepEqual([readLimit(undefined), readLimit(10_000)], [10_000, 10_000]);
  const at = (value: number, bound: string) =>
    refusal(`'${value}' at 'limit' failed to satisfy constraint: Member must have value ${bound}`);
  assert.throws(() => describeLimit(0), at(0, 'greater than or equal to 1'));
  assert.throws(() => describeLimit(51), at(51, 'less than or equal to 50'));
  assert.throws(() => readLimit(10_001), at(10_001, 'less than or equal to 10000'));
});

test('a list has at least one item, and no more than it may', () => {
  checkLength([1, 2], 'logEvents', 2);
  const at = (bound: string) =>
    refusal(`at 'logEvents' failed to satisfy constraint: Member must have length ${bound}`);
  assert.throws(() => checkLength([], 'logEvents', 2), at('greater than or equal to 1'));
  assert.throws(() => checkLength([1, 2, 3], 'logEvents', 2), at('less than or equal to 2'));
});
