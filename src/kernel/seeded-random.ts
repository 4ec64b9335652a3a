// Chance that repeats itself: the same seed, the same bytes. For tests and the simulator, never for secrets.
import type { Random } from './random.ts';

/**
 * sfc32, Chris Doty-Humphrey's small fast chaotic generator (PractRand 0.95, http://pracrand.sourceforge.net/), seeded
 * as there: the seed in one word, a counter from 1, twelve rounds thrown away. `seed` is a 32-bit unsigned integer.
 */
export function seededRandom(seed: number): Random {
  const next = sfc32(seed);
  for (let round = 0; round < 12; round += 1) next();
  return {
    bytes(length) {
      const words = Buffer.alloc(Math.ceil(length / 4) * 4);
      for (let at = 0; at < words.length; at += 4) words.writeUInt32BE(next(), at);
      return words.subarray(0, length);
    },
  };
}

function sfc32(seed: number): () => number {
  let [a, b, c, counter] = [0, seed >>> 0, 0, 1];
  return () => {
    const result = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = (b ^ (b >>> 9)) >>> 0;
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + result) >>> 0;
    return result;
  };
}
