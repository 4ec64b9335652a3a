// Tests of CBOR: values read along a schema, malformed bodies refused, what is written read back by the SDK.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { cbor as sdk, tag } from '@smithy/core/cbor';
import fc from 'fast-check';
import { readCbor, writeCbor } from './cbor.ts';
import { loadModel, type Model } from './codec.ts';
import type { Shape } from './shape.ts';

let puts: Shape;
let gets: Shape;

before(async () => {
  const monitoring: Model = await loadModel('monitoring');
  puts = monitoring.operations.get('PutMetricData')!.input;
  gets = monitoring.operations.get('GetMetricStatistics')!.output;
});

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('an input is read along its schema, with unknown members passed over', () => {
  const body = Buffer.from(
    sdk.serialize({
      Namespace: 'n',
      Unknown: { a: [1, 'x', null, Uint8Array.of(1)] },
      MetricData: [
        { MetricName: 'm', Value: -1.5, Timestamp: tag({ tag: 1, value: 1700000000.25 }), StorageResolution: 60 },
      ],
      StrictEntityValidation: null,
    }),
  );
  assert.deepEqual(readCbor(puts, body), {
    Namespace: 'n',
    MetricData: [{ MetricName: 'm', Value: -1.5, Timestamp: new Date(1700000000250), StorageResolution: 60 }],
  });
});

test('items of indefinite length are read', () => {
  // {_ "Namespace": (_ "a", "b"), "MetricData": [_ {_ "Value": 1.5 (half)}]}
  const body = hex('bf 694e616d657370616365 7f 6161 6162 ff 6a4d657472696344617461 9f bf 6556616c7565 f93e00 ff ff ff');
  assert.deepEqual(readCbor(puts, body), { Namespace: 'ab', MetricData: [{ Value: 1.5 }] });
});

const malformed: [string, string][] = [
  ['a1', 'a map without its entry'],
  ['a1 694e616d657370616365', 'a key without its value'],
  ['a1 694e616d657370616365 01', 'a number for a string'],
  ['a1 694e616d657370616365 6461', 'a string that ends early'],
  ['a1 694e616d657370616365 7bffffffffffffffff', 'a string of absurd length'],
  ['a1 6a4d657472696344617461 9bffffffffffffffff', 'a list of absurd length'],
  ['a1 6a4d657472696344617461 a0', 'a map for a list'],
  ['a1 01 01', 'a key that is no string'],
  ['a0 00', 'something after the end'],
  ['80', 'a list for the input'],
  ['ff', 'a break alone'],
  ['1c', 'a reserved length'],
  ['a1 6161 fc', 'a reserved simple value'],
  ['a1 6161 5f 6161 ff', 'a string chunk in bytes'],
  [`a1 6161 ${'81'.repeat(5000)}`, 'absurd nesting'],
  [`a1 6161 ${'c1'.repeat(5000)}`, 'absurdly nested tags'],
];

for (const [body, what] of malformed) {
  test(`${what} is refused`, () => {
    assert.throws(() => readCbor(puts, hex(body)), { name: 'AwsError', code: 'SerializationException', status: 400 });
  });
}

test('random bytes are read or refused, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        readCbor(puts, Buffer.from([0xa1, 0x6a, ...Buffer.from('MetricData'), ...bytes]));
      } catch (error) {
        assert.equal((error as Error).name, 'AwsError');
      }
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test('an output is read back by the SDK', () => {
  const output = {
    Label: 'x'.repeat(70_000),
    Datapoints: [{ Timestamp: new Date(1700000000250), Average: 0.1, SampleCount: 2 ** 40 }],
  };
  const { Label, Datapoints } = sdk.deserialize(writeCbor(gets, output)) as {
    Label: string;
    Datapoints: Record<string, unknown>[];
  };
  assert.equal(Label, output.Label);
  assert.deepEqual(
    { ...Datapoints[0], Timestamp: undefined },
    { Average: 0.1, SampleCount: 2 ** 40, Timestamp: undefined },
  );
  assert.throws(() => writeCbor(gets, { Label: 5 }), TypeError);
});
