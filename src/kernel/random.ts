// Chance, as everything in Berth sees it: cryptographic here, seeded in test/sim.
import { randomBytes } from 'node:crypto';

/** The only source of chance. */
export interface Random {
  /** `length` random bytes. */
  bytes(length: number): Buffer;
}

/** The operating system's cryptographic generator. */
export const systemRandom: Random = { bytes: (length) => randomBytes(length) };

/** A number in [0, 1), for jitter. */
export function fraction(random: Random): number {
  return random.bytes(4).readUInt32BE() / 0x1_0000_0000;
}
