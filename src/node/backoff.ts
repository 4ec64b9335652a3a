// How long to wait before trying again: twice as long each time, up to a bound, and never in step with others.
import type { Random } from '#kernel/random.ts';
import { fraction } from '#kernel/random.ts';

/** Milliseconds before try number `attempt` + 1, where `attempt` counts failures from 1. */
export function backoffMs(attempt: number, random: Random, bounds = { first: 100, most: 10_000 }): number {
  const full = Math.min(bounds.most, bounds.first * 2 ** Math.min(attempt - 1, 30));
  return full * (0.5 + fraction(random) / 2);
}
