// Chance, as everything in Berth sees it: cryptographic here, seeded in test/sim.
import { randomBytes } from 'node:crypto';

/** The only source of chance. */
export interface Random {
  /** `length` random bytes. */
  bytes(length: number): Buffer;
}

/** A call to the generator costs more than the few bytes that an id wants: they are taken from a stock. */
const stockBytes = 4096;
let stock = Buffer.alloc(0);

/** The operating system's cryptographic generator. No byte is given out twice. */
export const systemRandom: Random = {
  bytes(length) {
    if (length > stockBytes / 4) return randomBytes(length);
    if (length > stock.length) stock = randomBytes(stockBytes);
    const taken = Buffer.from(stock.subarray(0, length));
    stock.fill(0, 0, length);
    stock = stock.subarray(length);
    return taken;
  },
};

/** A number in [0, 1), for jitter. */
export function fraction(random: Random): number {
  return random.bytes(4).readUInt32BE() / 0x1_0000_0000;
}
