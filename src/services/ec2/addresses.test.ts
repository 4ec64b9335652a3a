// Tables and properties for the IPv4 arithmetic.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressAt, nextFreeAddress, overlaps, subBlock, usableAddresses } from './addresses.ts';

test('a subnet is cut out of its VPC in order', () => {
  assert.equal(subBlock('172.31.0.0/16', 20, 0), '172.31.0.0/20');
  assert.equal(subBlock('172.31.0.0/16', 20, 5), '172.31.80.0/20');
  assert.equal(addressAt('172.31.80.0/20', 1), '172.31.80.1');
});

test('AWS keeps five addresses of a subnet', () => {
  assert.equal(usableAddresses('172.31.0.0/20'), 4091);
  assert.equal(usableAddresses('10.0.0.0/28'), 11);
});

test('addresses are given out in turn and a freed one rests before it returns', () => {
  assert.equal(nextFreeAddress('10.0.0.0/28', undefined, new Set()), '10.0.0.4');
  assert.equal(nextFreeAddress('10.0.0.0/28', '10.0.0.4', new Set()), '10.0.0.5');
  assert.equal(nextFreeAddress('10.0.0.0/28', '10.0.0.14', new Set(['10.0.0.4'])), '10.0.0.5');
});

test('blocks overlap exactly when they share an address', () => {
  assert.equal(overlaps('172.31.0.0/16', '172.31.240.0/20'), true);
  assert.equal(overlaps('172.31.0.0/16', '172.30.0.0/16'), false);
  assert.equal(overlaps('10.0.0.0/8', '10.255.0.0/16'), true);
});

test('every usable address is given out once before the subnet is full', () => {
  fc.assert(
    fc.property(fc.integer({ min: 24, max: 28 }), fc.integer({ min: 0, max: 255 }), (length, third) => {
      const cidr = `10.1.${third}.0/${length}`;
      const taken = new Set<string>();
      let last: string | undefined;
      for (let count = 0; count < usableAddresses(cidr); count++) {
        last = nextFreeAddress(cidr, last, taken)!;
        assert.ok(!taken.has(last));
        taken.add(last);
      }
      assert.equal(nextFreeAddress(cidr, last, taken), undefined);
    }),
    { numRuns: 30 },
  );
});
