// IPv4 arithmetic over CIDR blocks. Pure.

/** A CIDR block taken apart. */
interface Block {
  /** The network address as a number. */
  readonly base: number;
  /** How many addresses the block holds. */
  readonly size: number;
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

function parseBlock(cidr: string): Block {
  const [address, length] = cidr.split('/');
  return { base: toNumber(address!), size: 2 ** (32 - Number(length)) };
}

/** Whether two CIDR blocks share an address. */
export function overlaps(one: string, other: string): boolean {
  const [a, b] = [parseBlock(one), parseBlock(other)];
  return a.base < b.base + b.size && b.base < a.base + a.size;
}

/** The `index`-th block with prefix `length` inside a CIDR block. */
export function subBlock(cidr: string, length: number, index: number): string {
  return `${toAddress(parseBlock(cidr).base + index * 2 ** (32 - length))}/${length}`;
}

/** The address `offset` places into a CIDR block. */
export function addressAt(cidr: string, offset: number): string {
  return toAddress(parseBlock(cidr).base + offset);
}

/** AWS keeps the first four addresses and the last one of every subnet for itself. */
const reservedAtStart = 4;
const reserved = reservedAtStart + 1;

/** How many addresses of a subnet can be given out at all. */
export function usableAddresses(cidr: string): number {
  return parseBlock(cidr).size - reserved;
}

/**
 * The next free address of a subnet after `last`, going round at its end; undefined when none is free.
 * https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
 */
export function nextFreeAddress(
  cidr: string,
  last: string | undefined,
  taken: ReadonlySet<string>,
): string | undefined {
  const { base, size } = parseBlock(cidr);
  const usable = size - reserved;
  const first = base + reservedAtStart;
  const start = last === undefined ? 0 : toNumber(last) - first + 1;
  for (let step = 0; step < usable; step++) {
    const address = toAddress(first + ((start + step) % usable));
    if (!taken.has(address)) return address;
  }
  return undefined;
}
