// Filter patterns match as AWS's documentation says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AwsError } from '#kernel/error.ts';
import { compileFilterPattern } from './filter-pattern.ts';

const messages = [
  '[ERROR 400] BAD REQUEST',
  '[ERROR 401] UNAUTHORIZED REQUEST',
  '[ERROR 419] MISSING ARGUMENTS',
  '[INFO] started',
];

const table: [pattern: string, matching: number[]][] = [
  ['', [0, 1, 2, 3]],
  ['ERROR', [0, 1, 2]],
  ['ERROR REQUEST', [0, 1]],
  ['?ARGUMENTS ?started', [2, 3]],
  ['ERROR -UNAUTHORIZED', [0, 2]],
  ['"BAD REQUEST"', [0]],
  ['-"ERROR 4"', [3]],
  ['error', []],
];

for (const [pattern, matching] of table) {
  test(`the pattern '${pattern}' matches as documented`, () => {
    const matches = compileFilterPattern(pattern);
    assert.deepEqual(
      messages.flatMap((message, index) => (matches(message) ? [index] : [])),
      matching,
    );
  });
}

for (const pattern of ['{ $.level = "x" }', '[ip, user]', '%ERR.*%', '"open', 'a'.repeat(1025)]) {
  test(`the pattern '${pattern.slice(0, 20)}' is refused`, () => {
    assert.throws(() => compileFilterPattern(pattern), AwsError);
  });
}
