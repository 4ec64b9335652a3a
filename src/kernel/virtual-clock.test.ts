// The virtual clock: order, settling, aborting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from './virtual-clock.ts';

test('timers ring by due time, then in the order in which they were set, at their own instant', async () => {
  const clock = new VirtualClock(new Date(0));
  const rung: string[] = [];
  for (const [name, ms] of [
    ['c', 20],
    ['a', 10],
    ['d', 20],
    ['b', 10],
    ['late', 31],
  ] as const) {
    void clock.sleep(ms).then(() => rung.push(`${name}@${clock.now().getTime()}`));
  }
  await clock.advance(30);
  assert.deepEqual(rung, ['a@10', 'b@10', 'c@20', 'd@20']);
  assert.equal(clock.now().getTime(), 30);
  assert.equal(clock.untilNext(), 1);
});

test('what one timer sets off happens before the next rings, timers without time included', async () => {
  const clock = new VirtualClock(new Date(0));
  const rung: string[] = [];
  void (async () => {
    await clock.sleep(10);
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
    rung.push('first');
    await clock.turn();
    await new Promise((resolve) => process.nextTick(resolve));
    rung.push('first, a turn later');
    await clock.sleep(5);
    rung.push(`first, later, at ${clock.now().getTime()}`);
  })();
  void clock.sleep(11).then(() => rung.push('second'));
  await clock.advance(20);
  assert.deepEqual(rung, ['first', 'first, a turn later', 'second', 'first, later, at 15']);
});

test('a sleep ends when it is aborted, without an error, and its timer is gone', async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const sleeps = [clock.sleep(10, stop.signal), clock.sleep(10)];
  stop.abort();
  await sleeps[0];
  await clock.sleep(10, stop.signal);
  await clock.advance(10);
  await sleeps[1];
  assert.equal(clock.untilNext(), undefined);
});

test('an abort just after its timer has rung leaves other timers alone', async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  void clock.sleep(10).then(() => stop.abort());
  void clock.sleep(10, stop.signal);
  let rung = false;
  void clock.sleep(20).then(() => (rung = true));
  await clock.advance(20);
  assert.ok(rung);
});

test('advanceUntil stops at the first instant at which the condition holds, and says when it never does', async () => {
  const clock = new VirtualClock(new Date(0));
  let count = 0;
  void (async () => {
    while (count < 100) {
      await clock.sleep(7);
      count += 1;
    }
  })();
  await clock.advanceUntil(() => count === 3, 1000);
  assert.equal(clock.now().getTime(), 21);
  await assert.rejects(
    clock.advanceUntil(() => count === 50, 70),
    /Still not so after 70 ms/,
  );
});

test('a clock is moved by one at a time', async () => {
  const clock = new VirtualClock();
  const first = clock.advance(10);
  await assert.rejects(clock.advance(10), /moved already/);
  await first;
});
