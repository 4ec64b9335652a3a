// Tests of the quick reader: what it takes, and that it leaves everything else to the scanner.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadModel, type Model } from './codec.ts';
import { parseFitting } from './json-parsed.ts';
import type { Shape } from './shape.ts';

const ecs: Model = await loadModel('ecs');
const ecr: Model = await loadModel('ecr');
const registers = ecs.operations.get('RegisterTaskDefinition')!.input;

test('a text that is as its schema has it is taken, maps with any key', () => {
  const text = '{"family":"a\\u0041","containerDefinitions":[{"cpu":1,"dockerLabels":{"__proto__":"y"},"command":[]}]}';
  const found = parseFitting(registers, text) as { containerDefinitions: { dockerLabels: object }[] };
  assert.deepEqual(Object.entries(found.containerDefinitions[0]!.dockerLabels), [['__proto__', 'y']]);
  assert.deepEqual(found, JSON.parse(text));
});

test('dates and bytes are made of their texts', () => {
  const tasks = ecs.operations.get('DescribeTasks')!.output;
  assert.deepEqual(parseFitting(tasks, '{"tasks":[{"createdAt":1.5},{"createdAt":"1970-01-01T00:00:02Z"}]}'), {
    tasks: [{ createdAt: new Date(1500) }, { createdAt: new Date(2000) }],
  });
  const upload = ecr.operations.get('UploadLayerPart')!.input;
  assert.deepEqual(parseFitting(upload, '{"layerPartBlob":"AQID"}'), { layerPartBlob: Uint8Array.of(1, 2, 3) });
});

/** A shape that contains itself. */
const tree: Shape = {
  kind: 'structure',
  name: 'Tree',
  namespace: 'test',
  traits: {},
  union: true,
  members: [
    { name: 'leaf', traits: {}, required: false, shape: { kind: 'string', name: '', namespace: '', traits: {} } },
    {
      name: 'branch',
      traits: {},
      required: false,
      get shape() {
        return tree;
      },
    },
  ],
};

const nested = (depth: number): string => `${'{"branch":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`;

test('values nest as deep as the scanner goes', () => {
  assert.notEqual(parseFitting(tree, nested(100)), undefined);
  assert.equal(parseFitting(tree, nested(101)), undefined);
  assert.equal(parseFitting(tree, nested(100_000)), undefined);
});

const left: [string, Shape, string][] = [
  ['is no JSON', registers, '{"family":'],
  ['is no structure', registers, '[]'],
  ['is null', registers, 'null'],
  ['has an unknown member', registers, '{"unknown":1}'],
  ['has a member named after the prototype', registers, '{"__proto__":{"family":"x"}}'],
  ['has a member that is null', registers, '{"family":null}'],
  ['has an element that is null', registers, '{"containerDefinitions":[null]}'],
  ['has a value of another type', registers, '{"family":1}'],
  ['has a number that is out of range', registers, '{"containerDefinitions":[{"cpu":1e999}]}'],
  ['has a number in words', registers, '{"containerDefinitions":[{"cpu":"NaN"}]}'],
  ['has half of a surrogate pair', registers, '{"family":"\\uD800"}'],
  ['sets two members of a union', tree, '{"leaf":"a","branch":{}}'],
];

for (const [what, shape, text] of left) {
  test(`a text that ${what} is left to the scanner`, () => {
    assert.equal(parseFitting(shape, text), undefined);
  });
}
