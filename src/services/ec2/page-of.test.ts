// Which page sizes EC2 takes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageOf } from './page-of.ts';

test('a page holds from 5 to 1,000 items', () => {
  assert.deepEqual(pageOf({}), { token: undefined, limit: 1000 });
  assert.deepEqual(pageOf({ MaxResults: 5, NextToken: 't' }), { token: 't', limit: 5 });
  assert.equal(pageOf({ MaxResults: 5000 }).limit, 1000);
  assert.throws(() => pageOf({ MaxResults: 4 }), {
    code: 'InvalidParameterValue',
    message: 'Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5.',
  });
});
