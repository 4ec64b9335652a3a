// Plants dead code, and expects knip to find it under the house's own configuration.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { file } from './planted.fixture.ts';
import { createTree, type Tree } from './tree.fixture.ts';

interface Issue {
  readonly file: string;
  readonly exports: readonly { name: string }[];
  readonly types: readonly { name: string }[];
  readonly files: readonly { name: string }[];
}

let tree: Tree;
before(async () => {
  tree = await createTree('knip.jsonc', 'package.json', 'tsconfig.json');
});
after(() => tree.remove());

test('dead code is found, and what main, tests and signatures use is not', async () => {
  await tree.plant('src/main.ts', file("import { used } from '#kernel/half-used.ts';", 'used({ size: 1 });'));
  await tree.plant(
    'src/kernel/half-used.ts',
    file(
      'export interface Shape {',
      '  size: number;',
      '}',
      'export const used = (shape: Shape): number => shape.size;',
      'export const dead = 1;',
      'export interface DeadShape {',
      '  size: number;',
      '}',
    ),
  );
  await tree.plant('src/kernel/orphan.ts', file('export const orphan = 1;'));
  await tree.plant('src/kernel/tested.test.ts', file("import { until } from './tested.fixture.ts';", 'until();'));
  await tree.plant('src/kernel/tested.fixture.ts', file('export const until = (): void => {};'));

  const output = await tree.run('knip/bin/knip.js', '--reporter=json', '--include=files,exports,types');
  const { issues } = JSON.parse(output) as { issues: Issue[] };
  const found = issues.flatMap((issue) => [
    ...issue.files.map(() => issue.file),
    ...[...issue.exports, ...issue.types].map(({ name }) => `${issue.file}: ${name}`),
  ]);
  assert.deepEqual(found.toSorted(), [
    'src/kernel/half-used.ts: DeadShape',
    'src/kernel/half-used.ts: dead',
    'src/kernel/orphan.ts',
  ]);
});
