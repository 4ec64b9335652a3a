// Holds the checksums against published check values.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checksum, isChecksumAlgorithm } from './checksums.ts';

test('every checksum of "123456789" is the published one', () => {
  const data = Buffer.from('123456789');
  for (const [algorithm, hex] of [
    ['crc32', 'cbf43926'],
    ['crc32c', 'e3069283'],
    ['crc64nvme', 'ae8b14860a799888'],
    ['sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
    ['sha256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
  ] as const) {
    assert.equal(checksum(algorithm, data), Buffer.from(hex, 'hex').toString('base64'), algorithm);
  }
});

test('only the algorithms that S3 names are known', () => {
  assert.ok(isChecksumAlgorithm('crc64nvme'));
  for (const name of ['md5', 'CRC32', 'toString', '__proto__', '']) assert.ok(!isChecksumAlgorithm(name), name);
});
