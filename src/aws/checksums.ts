// The checksums that S3 knows beside MD5: CRC-32, CRC-32C, CRC-64/NVME, SHA-1 and SHA-256.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The tail of the header's name, `x-amz-checksum-<algorithm>`. */
export type ChecksumAlgorithm = 'crc32' | 'crc32c' | 'crc64nvme' | 'sha1' | 'sha256';

const algorithms: Readonly<Record<ChecksumAlgorithm, (data: Buffer) => Buffer>> = {
  crc32: (data) => word(crc32(data)),
  crc32c: (data) => word(crc32c(data)),
  crc64nvme,
  sha1: (data) => hash('sha1', data, 'buffer'),
  sha256: (data) => hash('sha256', data, 'buffer'),
};

export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return Object.hasOwn(algorithms, name);
}

/** The checksum of `data` as S3's headers carry it: base64 of the big-endian bytes. */
export function checksum(algorithm: ChecksumAlgorithm, data: Buffer): string {
  return algorithms[algorithm](data).toString('base64');
}

function word(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

let table32c: Uint32Array | undefined;

/** RFC 3720, section 12.1 (Castagnoli's polynomial, reflected). */
function crc32c(data: Buffer): number {
  const table = (table32c ??= Uint32Array.from({ length: 256 }, (_, index) => {
    let rest = index;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0x82f63b78 : rest >>> 1;
    return rest;
  }));
  let crc = 0xffffffff;
  for (const byte of data) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

let table64: { readonly low: Uint32Array; readonly high: Uint32Array } | undefined;

/** CRC-64/NVME (NVM Express base specification 2.0, section 5.2.1.3.4), in two halves because BigInt is slow. */
function crc64nvme(data: Buffer): Buffer {
  const { low, high } = (table64 ??= crc64Table());
  let l = 0xffffffff;
  let h = 0xffffffff;
  for (const byte of data) {
    const index = (l ^ byte) & 0xff;
    l = ((l >>> 8) | (h << 24)) ^ low[index]!;
    h = (h >>> 8) ^ high[index]!;
  }
  return Buffer.concat([word(~h), word(~l)]);
}

function crc64Table(): { readonly low: Uint32Array; readonly high: Uint32Array } {
  const low = new Uint32Array(256);
  const high = new Uint32Array(256);
  for (let index = 0; index < 256; index++) {
    let rest = BigInt(index);
    for (let bit = 0; bit < 8; bit++) rest = rest & 1n ? (rest >> 1n) ^ 0x9a6c9329ac4bc9b5n : rest >> 1n;
    low[index] = Number(rest & 0xffffffffn);
    high[index] = Number(rest >> 32n);
  }
  return { low, high };
}
