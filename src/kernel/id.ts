// Identifiers in the forms that AWS gives them.
import type { Random } from './random.ts';

/** 32 hexadecimal digits: the last part of a task's or a container's ARN. */
export function hexId(random: Random): string {
  return random.bytes(16).toString('hex');
}

/** An EC2-like identifier, `prefix-0123456789abcdef0` (17 hexadecimal digits). */
export function resourceId(prefix: string, random: Random): string {
  return `${prefix}-${random.bytes(9).toString('hex').slice(0, 17)}`;
}

/** A random UUID, version 4 (RFC 9562, section 5.4). */
export function uuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** `length` letters and digits of RFC 4648's base32 alphabet: the tail of an access key id. */
export function base32Id(length: number, random: Random): string {
  return Array.from(random.bytes(length), (byte) => base32[byte & 31]).join('');
}
