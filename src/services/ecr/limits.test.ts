// The limits of a request, in AWS's words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBatch, checkFilter, pageLimit } from './limits.ts';

const refusal = (parameter: string, constraint: string) => ({
  code: 'InvalidParameterException',
  message: `Invalid parameter at '${parameter}' failed to satisfy constraint: '${constraint}'`,
});

test('a page has 100 items, or from 1 to 1000', () => {
  assert.deepEqual([pageLimit(undefined), pageLimit(1), pageLimit(1000)], [100, 1, 1000]);
  assert.throws(() => pageLimit(0), refusal('maxResults', 'Member must have value greater than or equal to 1'));
  assert.throws(() => pageLimit(1001), refusal('maxResults', 'Member must have value less than or equal to 1000'));
});

test('a batch has from 1 to 100 items', () => {
  checkBatch('imageIds', [{}]);
  checkBatch('imageIds', Array(100).fill(0));
  const length = (bound: string) => refusal('imageIds', `Member must have length ${bound}`);
  assert.throws(() => checkBatch('imageIds', []), length('greater than or equal to 1'));
  assert.throws(() => checkBatch('imageIds', Array(101).fill(0)), length('less than or equal to 100'));
});

test('images are filtered by the statuses that there are', () => {
  for (const filter of [undefined, {}, { tagStatus: 'ANY' }, { tagStatus: 'UNTAGGED', imageStatus: 'ACTIVATING' }])
    checkFilter(filter);
  assert.throws(
    () => checkFilter({ tagStatus: 'LOST' }),
    refusal('filter.tagStatus', 'Member must satisfy enum value set: [TAGGED, UNTAGGED, ANY]'),
  );
  assert.throws(
    () => checkFilter({ imageStatus: 'LOST' }),
    refusal('filter.imageStatus', 'Member must satisfy enum value set: [ACTIVE, ARCHIVED, ACTIVATING, ANY]'),
  );
});
