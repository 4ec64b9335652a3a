// Waits for a condition that nothing announces: the one place where a test looks again and again.
import assert from 'node:assert/strict';
import { systemClock } from './clock.ts';

const betweenLooksMs = 10;

/**
 * What `look` gives once it gives something other than undefined or false. Fails the test, naming `what` it waited for,
 * when that takes longer than `limitMs`.
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = 30_000,
): Promise<T> {
  const limit = systemClock.now().getTime() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    assert.ok(systemClock.now().getTime() < limit, `waited ${limitMs} ms for ${what}`);
    // oxlint-disable-next-line no-restricted-properties -- the world outside (an engine, a process) tells nobody that it changed
    await systemClock.sleep(betweenLooksMs);
  }
}
