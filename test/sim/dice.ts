// Chance in a shape that scenarios can use; the same seed throws the same dice.
import { fraction, type Random } from '#kernel/random.ts';
import { seededRandom } from '#kernel/seeded-random.ts';

export class Dice {
  readonly random: Random;

  /** `seed` is a 32-bit unsigned integer. */
  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  /** An integer below `bound`. */
  below(bound: number): number {
    return Math.floor(fraction(this.random) * bound);
  }

  /** An integer of `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  /** True in one case of `n`, on average. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Dice of their own for one part of a world: what it throws does not change what the others get. */
  fork(): Dice {
    return new Dice(this.random.bytes(4).readUInt32BE());
  }
}
