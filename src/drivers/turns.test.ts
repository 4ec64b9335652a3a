// Turns: order, independence of keys, and going on after failures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.ts';

test('work for one key runs in order, one at a time; other keys do not wait', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.take('a', async () => {
    await gate.promise;
    seen.push('a1');
  });
  const second = turns.take('a', async () => seen.push('a2'));
  await turns.take('b', async () => seen.push('b'));
  gate.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(seen, ['b', 'a1', 'a2']);
});

test('a failure is its own only', async () => {
  const turns = new Turns();
  const failed = turns.take('a', () => Promise.reject(new Error('no')));
  const next = turns.take('a', async () => 'yes');
  await assert.rejects(failed, /no/);
  assert.equal(await next, 'yes');
});
