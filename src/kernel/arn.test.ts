// Names of regions and resources.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatArn, isRegion, parseArn, scopedKey } from './arn.ts';

test('what has the form of a region is one, and nothing else', () => {
  for (const region of ['us-east-1', 'ap-southeast-2', 'us-gov-west-1', 'us-iso-east-1', 'xx-new-12']) {
    assert.ok(isRegion(region), region);
  }
  for (const text of [
    '',
    'foo',
    'us-east',
    'us-east-1/x',
    'US-EAST-1',
    'us--1',
    'us-east-1\n',
    `us-${'a-'.repeat(20)}1`,
  ]) {
    assert.ok(!isRegion(text), text);
  }
});

test('an ARN is taken apart into what it was made of', () => {
  const arn = formatArn('logs', { account: '123456789012', region: 'cn-north-1' }, 'log-group:/a:*');
  assert.equal(arn, 'arn:aws-cn:logs:cn-north-1:123456789012:log-group:/a:*');
  assert.deepEqual(parseArn(arn), {
    partition: 'aws-cn',
    service: 'logs',
    region: 'cn-north-1',
    account: '123456789012',
    resource: 'log-group:/a:*',
  });
  assert.equal(parseArn('arn:aws:ecs'), undefined);
  assert.match(formatArn('s3', { account: '1', region: 'us-gov-west-1' }, 'x'), /^arn:aws-us-gov:/);
  assert.equal(scopedKey({ account: '1', region: 'r' }, 'a', 'b'), '1/r/a/b');
});
