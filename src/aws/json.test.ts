// Tests of awsJson: what is read, what is refused and in which words, what is written.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadModel, type Model } from './codec.ts';
import { readJson, writeJson } from './json.ts';
import type { Shape } from './shape.ts';

let ecs: Model;
let ecr: Model;

before(async () => {
  [ecs, ecr] = await Promise.all([loadModel('ecs'), loadModel('ecr')]);
});

const read = (shape: Shape, text: string): Record<string, unknown> => readJson(shape, Buffer.from(text));
const registers = (): Shape => ecs.operations.get('RegisterTaskDefinition')!.input;

test('an input is read along its schema, with unknown members passed over and nulls absent', () => {
  const text = `{"family": "a\\u0041\\n", "cpu": null, "unknown": {"x": [1, -2.5e3, "\\"", null, true]},
    "containerDefinitions": [ {"name": "n", "cpu": 10, "essential": false, "environment": [] } ] }`;
  assert.deepEqual(read(registers(), text), {
    family: 'aA\n',
    containerDefinitions: [{ name: 'n', cpu: 10, essential: false, environment: [] }],
  });
});

test('an empty body is an empty input', () => {
  assert.deepEqual(read(registers(), ''), {});
});

test('keys named after the prototype stay keys of maps and change no prototype', () => {
  const found = read(
    registers(),
    '{"__proto__": {"family": "x"}, "containerDefinitions": [{"dockerLabels": {"__proto__": "y", "constructor": "z"}}]}',
  );
  assert.equal(Object.getPrototypeOf(found), Object.prototype);
  assert.equal(found['family'], undefined);
  const labels = (found['containerDefinitions'] as { dockerLabels: object }[])[0]!.dockerLabels;
  assert.equal(Object.getPrototypeOf(labels), Object.prototype);
  assert.deepEqual(Object.entries(labels), [
    ['__proto__', 'y'],
    ['constructor', 'z'],
  ]);
});

const malformed: [string, RegExp][] = [
  ['{', /Unexpected token/],
  ['{"family"}', /Unexpected token/],
  ['{"family": "a",}', /Unexpected token/],
  ['{"family": "a"} x', /Unexpected token/],
  ['{"family": "a\nb"}', /Unexpected token/],
  ['{"family": "\\x"}', /Unexpected token/],
  ['{"family": "\\u12G4"}', /Unexpected token/],
  ['{"family": "a', /Unexpected token/],
  ["{'family': 'a'}", /Unexpected token/],
  ['{"family": 01}', /NUMBER_VALUE can not be converted to a String|Unexpected token/],
  ['{"unknown": 01}', /Unexpected token/],
  ['{"unknown": tru}', /Unexpected token/],
  ['nul', /map or null/],
  ['[]', /Start of list found where not expected/],
  ['"text"', /Expected map or null/],
  ['{"family": 1}', /NUMBER_VALUE can not be converted to a String/],
  ['{"family": true}', /TRUE_VALUE can not be converted to a String/],
  ['{"family": {}}', /Start of structure or map found where not expected\./],
  ['{"containerDefinitions": {}}', /Start of structure or map found where not expected\./],
  ['{"containerDefinitions": "x"}', /Expected list or null/],
  ['{"containerDefinitions": [[]]}', /Start of list found where not expected/],
  ['{"containerDefinitions": [{"cpu": "10"}]}', /STRING_VALUE can not be converted to a Number/],
  ['{"containerDefinitions": [{"cpu": 1e999}]}', /out of range/],
  ['{"containerDefinitions": [{"essential": "true"}]}', /STRING_VALUE can not be converted to a Boolean/],
  [`{"x": ${'['.repeat(100_000)}`, /nested too deeply/],
];

for (const [text, message] of malformed) {
  test(`the body ${text.slice(0, 50)} is refused`, () => {
    assert.throws(() => read(registers(), text), {
      name: 'AwsError',
      code: 'SerializationException',
      status: 400,
      message,
    });
  });
}

test('timestamps are epoch seconds or ISO 8601, and nothing else', () => {
  const tasks = ecs.operations.get('DescribeTasks')!.output;
  assert.deepEqual(read(tasks, '{"tasks":[{"createdAt":1700000000.25},{"createdAt":"2023-11-14T22:13:20Z"}]}'), {
    tasks: [{ createdAt: new Date(1700000000250) }, { createdAt: new Date(1700000000000) }],
  });
  for (const bad of ['"yesterday"', '1e300', 'true', '{}']) {
    assert.throws(() => read(tasks, `{"tasks":[{"createdAt":${bad}}]}`), { code: 'SerializationException' });
  }
});

test('blobs are strict base64', () => {
  const upload = ecr.operations.get('UploadLayerPart')!.input;
  assert.deepEqual(read(upload, '{"layerPartBlob":"AQID"}'), { layerPartBlob: Uint8Array.of(1, 2, 3) });
  for (const bad of ['AQI', 'AQ*D', 'AQ=D', 'A Q=']) {
    assert.throws(() => read(upload, `{"layerPartBlob":"${bad}"}`), { code: 'SerializationException' });
  }
});

test('an output is written along its schema: undefined left out, dates as seconds, unknown members dropped', () => {
  const shape = ecs.operations.get('DescribeTasks')!.output;
  const output = {
    tasks: [{ taskArn: 'a"b', createdAt: new Date(1500), cpu: undefined, secret: 'x', version: 3 }],
    failures: [],
  };
  assert.equal(writeJson(shape, output), '{"tasks":[{"taskArn":"a\\"b","createdAt":1.5,"version":3}],"failures":[]}');
});

const outputsOfOtherTypes: object[] = [
  { tasks: 5 },
  { tasks: {} },
  { tasks: [[]] },
  { tasks: [{ taskArn: 5 }] },
  { tasks: [{ createdAt: 5 }] },
  { tasks: [{ overrides: 'x' }] },
  { taskDefinition: { containerDefinitions: [{ dockerLabels: 'x' }] } },
];
for (const output of outputsOfOtherTypes) {
  test(`the output ${JSON.stringify(output)} is not of its shape, which is a fault of ours`, () => {
    const operation = 'tasks' in output ? 'DescribeTasks' : 'DescribeTaskDefinition';
    assert.throws(() => writeJson(ecs.operations.get(operation)!.output, output), TypeError);
  });
}
