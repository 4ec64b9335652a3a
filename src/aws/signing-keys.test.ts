// Signing keys are derived once and the cache stays bounded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SigningKeys } from './signing-keys.ts';

test('keys are derived once, anew for another secret, and the cache stays bounded', () => {
  const cache = new SigningKeys(2);
  const scope = { accessKeyId: 'A', date: '20260304', region: 'eu-west-1', service: 'ecs' };
  const first = cache.key(scope, 'secret');
  assert.equal(cache.key(scope, 'secret'), first);
  assert.notEqual(cache.key(scope, 'other').sign('x'), first.sign('x'));
  for (const region of ['a', 'b', 'c']) cache.key({ ...scope, region }, 'secret');
  assert.equal(cache.size, 2);
});
