// Tells images that may be part of a push that still goes on. Pure.
import type { LifecycleImage } from './evaluate-lifecycle.ts';

/**
 * A client that pushes a manifest list pushes what it lists before, one by one and without tags: a rule for untagged
 * images must not take them from under its hands. On AWS the day that it may take until a policy acts does the same.
 */
const unfinishedMs = 900_000;

/** `now`: milliseconds since the epoch. */
export function isUnfinished({ tags, pushedAt }: LifecycleImage, now: number): boolean {
  return tags.length === 0 && now < pushedAt + unfinishedMs;
}

/** Milliseconds until the next image is no longer unfinished; Infinity where there is none. */
export function nextFinishedIn(images: readonly LifecycleImage[], now: number): number {
  const left = images.filter((image) => isUnfinished(image, now)).map(({ pushedAt }) => pushedAt + unfinishedMs - now);
  return left.reduce((least, each) => Math.min(least, each), Infinity);
}
